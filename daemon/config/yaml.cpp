#include "daemon/config/yaml.hpp"
#include "daemon/config/text_check.hpp"
#include <fmt/format.h>
#include <map>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace backstop::config {

namespace {

Place place_of(const YAML::Mark& mark) { return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1}; }

/// Thrown through yaml-cpp's parser (C++ frames only) to stop it at a bound, and caught in parse_yaml.
struct Stop {
  Place place;
  std::string what;
  std::string how;
};

/// Builds the tree from the parser's events: yaml-cpp's own tree hides keys written twice and shares aliased nodes.
class Builder final : public YAML::EventHandler {
public:
  std::optional<Node> root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, Node::Kind::null, {}, anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    leaf(mark, Node::Kind::scalar, value, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, Node::Kind::sequence, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, Node::Kind::mapping, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop{place_of(mark), "an alias that refers to itself", "write the value out"};
    charge(mark, found->second.weight);
    Node copy = found->second;
    copy.place = place_of(mark);
    add(std::move(copy));
  }

private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    std::optional<Node> key; ///< a mapping's key that waits for its value
  };

  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Stop{place_of(mark), fmt::format("the tag \"{}\" is not understood", shortened(tag)), "leave it out"};
  }
  void charge(const YAML::Mark& mark, std::size_t weight) {
    used_ += weight;
    if (used_ > kMaxWeight)
      throw Stop{place_of(mark), fmt::format("more than {} values, aliases counted as if written out", kMaxWeight),
                 "split the file, or use fewer aliases"};
  }
  void leaf(const YAML::Mark& mark, Node::Kind kind, const std::string& text, YAML::anchor_t anchor) {
    Node node;
    node.kind = kind;
    node.text = text;
    node.place = place_of(mark);
    node.weight = 1 + text.size() / 32;
    charge(mark, node.weight);
    if (anchor != 0) anchors_[anchor] = node;
    add(std::move(node));
  }
  void open(const YAML::Mark& mark, const std::string& tag, Node::Kind kind, YAML::anchor_t anchor) {
    refuse_tag(mark, tag);
    charge(mark, 1);
    if (open_.size() >= static_cast<std::size_t>(kMaxDepth))
      throw Stop{place_of(mark), fmt::format("nested more than {} levels deep", kMaxDepth), "no key needs that"};
    Open started;
    started.node.kind = kind;
    started.node.place = place_of(mark);
    started.anchor = anchor;
    open_.push_back(std::move(started));
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != 0) {
      charge({}, done.node.weight); // the copy that is kept for aliases
      anchors_[done.anchor] = done.node;
    }
    add(std::move(done.node));
  }
  void add(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.node.weight += node.weight;
    if (parent.node.kind == Node::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      if (node.kind == Node::Kind::null) node.place = parent.key->place; // the parser points behind what is missing
      parent.node.entries.push_back({std::move(*parent.key), std::move(node)});
      parent.key.reset();
    }
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t used_ = 0;
};

std::string how_for(std::string_view text, Place place) {
  const std::string_view line = line_at(text, place.line);
  if (line.find(": >") != std::string_view::npos) return "a condition or band goes between quotes: \"> 5%\"";
  if (line.find(": {") != std::string_view::npos && line.find('"') == std::string_view::npos)
    return "text with { } in it goes between quotes: \"{environment}\"";
  return "mend the YAML there, or in the lines above";
}

void walk(const Node& node, const std::string& path, Places& places) {
  places.add(path, node.place);
  for (std::size_t i = 0; i < node.items.size(); ++i) walk(node.items[i], fmt::format("{}[{}]", path, i), places);
  for (const auto& [key, value] : node.entries) walk(value, path.empty() ? key.text : path + "." + key.text, places);
}

} // namespace

std::optional<Node> parse_yaml(std::string_view text, const std::string& file, std::vector<Fault>& faults) {
  if (auto fault = fault_in_text(text, kMaxFileBytes)) {
    fault->file = file;
    faults.push_back(std::move(*fault));
    return std::nullopt;
  }
  const auto add = [&](Place place, std::string what, std::string how) {
    faults.push_back({file, place.line, place.column, std::move(what), std::move(how)});
    return std::nullopt;
  };
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder;
    if (!parser.HandleNextDocument(builder) || !builder.root || builder.root->kind == Node::Kind::null)
      return add({}, "the file is empty", "see docs/configuration.md for an example");
    Builder second;
    if (parser.HandleNextDocument(second))
      return add(second.root ? second.root->place : Place{}, "a second YAML document in the file",
                 "one file holds one: leave out the ---");
    return std::move(builder.root);
  } catch (const Stop& stop) {
    return add(stop.place, stop.what, stop.how);
  } catch (const YAML::Exception& error) {
    const Place place = place_of(error.mark);
    return add(place, "no YAML: " + shortened(error.msg), how_for(text, place));
  } catch (const std::exception& error) {
    return add({}, "cannot be read as YAML: " + shortened(error.what()), "mend the YAML");
  }
}

Places places_in(const Node& root) {
  Places places;
  walk(root, "", places);
  return places;
}

} // namespace backstop::config
