#include "daemon/queries_view.hpp"
#include "daemon/config/compile.hpp"

namespace backstop {

Json queries_view(const DeploymentState& deployment) {
  Json queries = Json::array();
  if (!deployment.config) return queries;
  const auto compiled = config::compile(*deployment.config);
  if (!compiled) return queries;
  for (const config::CompiledSource& source : compiled->sources)
    for (const PromqlQuery& query : source.queries)
      queries.push(Json::object()
                       .set("source", source.name)
                       .set("name", query.name)
                       .set("query", resolve_window(query.expression, source.interval)));
  return queries;
}

} // namespace backstop
