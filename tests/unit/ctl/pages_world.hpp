#pragma once
#include "daemon/api.hpp"
#include "daemon/ctl/render.hpp"
#include "tests/fakes/app_world.hpp"
#include "tests/unit/daemon/shop_config.hpp"

/// Documents as the real daemon makes them, in virtual time: the pages of the tests are those that people get.
namespace backstop::ctl::test {

inline const char* const kShop = "shop/production";

/// What GET `target` answers: the control API without a socket.
inline ApiReply answer(AppWorld& world, const std::string& path) {
  Api api(*world.app, [] { return std::vector<std::string>{}; });
  ApiRequest request;
  request.method = "GET";
  request.path = path;
  request.caller = {"uid:0(root)", true, true};
  ApiReply reply;
  api.handle(request, world.now, [&reply](const ApiReply& r) { reply = r; });
  return reply;
}

inline std::string page(AppWorld& world, Page which, const std::string& path) {
  return render(which, printable(answer(world, path).body), {});
}
inline std::string status(AppWorld& world) { return page(world, Page::status, "/v1/status"); }

/// A world with one service that was adopted at v1 and has a baseline.
struct Shops : AppWorld {
  explicit Shops(const ShopConfig& config = {}, config::Limits limits = {}) : AppWorld({config.text()}, limits) {
    start();
    run(8);
    adopt("shop", "v1");
    run(10);
  }
  /// Begins and finishes v2, which fails so many of its requests; `seconds` later.
  std::string deploy_bad(int seconds, double error_share = 0.3) {
    std::string id = deploy("shop", "v2");
    shops[kShop].error_share = error_share;
    run(seconds);
    return id;
  }
};

} // namespace backstop::ctl::test
