#pragma once
#include "collectors/promql_past.hpp"
#include "daemon/channel_notifier.hpp"
#include "daemon/seams.hpp"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace backstop {

/// The past as the PromQL engines of a service tell it.
class PromqlPasts final : public PastReader {
public:
  using Now = std::function<Time()>; ///< judge time
  PromqlPasts(HttpFetcher& fetcher, ReadSecret read_secret, Now now);
  ~PromqlPasts() override;
  [[nodiscard]] bool has_past(const ServiceWatch& watch) const override;
  Status read(const ServiceWatch& watch, Time from, Time to, Done done) override;

  std::function<void()> after_done; ///< called after each Done

private:
  struct Reading {
    std::vector<std::unique_ptr<PromqlPast>> sources;
    std::size_t open = 0; ///< sources that have not answered
    std::vector<Scrape> scrapes;
    Done done;
  };
  void answered(const std::string& service, Result<std::vector<Scrape>> scrapes);

  HttpFetcher& fetcher_;
  ReadSecret read_secret_;
  Now now_;
  std::map<std::string, Reading> readings_; ///< by service
};

} // namespace backstop
