#include "daemon/traffic/nginx.hpp"
#include "tests/unit/traffic/some_split.hpp"
#include <gmock/gmock.h>

/// The file that nginx is given.
namespace backstop::traffic {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kBlue{"127.0.0.1:8001"}, kGreen{"127.0.0.1:8002", "unix:/run/shop/green"};
const NginxPlace kPlace{"/etc/nginx/conf.d/shop.conf", "shop"};

TEST(NginxText, IsTheWholeFile) {
  EXPECT_EQ(*nginx_text(kPlace, green_gets(0.2, kBlue, kGreen)),
            "# Written by backstop: blue 80%, green 20%. Do not edit: options of your own go into "
            "/etc/nginx/conf.d/shop.conf.options\n"
            "upstream shop {\n"
            "    include /etc/nginx/conf.d/shop.conf.option[s];\n"
            "    server 127.0.0.1:8001 weight=256;\n"
            "    server 127.0.0.1:8002 weight=32;\n"
            "    server unix:/run/shop/green weight=32;\n"
            "}\n");
}

TEST(NginxText, AServerWithoutTrafficIsDown) {
  EXPECT_THAT(*nginx_text(kPlace, green_gets(0, kBlue, kGreen)),
              HasSubstr("    server 127.0.0.1:8001 weight=256;\n    server 127.0.0.1:8002 down;\n"));
  EXPECT_THAT(*nginx_text(kPlace, green_gets(1, kBlue, kGreen)), HasSubstr("    server 127.0.0.1:8001 down;\n"));
}

TEST(NginxText, NothingInItCanBecomeSyntax) {
  for (const char* bad : {"a;b", "a b", "a{", "a}", "a\n", "$a", "a\"", "a'", "a\\", "", "#"}) {
    EXPECT_FALSE(nginx_text(kPlace, green_gets(0.5, {bad}, kGreen))) << bad;
    EXPECT_FALSE(nginx_text({kPlace.file, bad}, green_gets(0.5, kBlue, kGreen))) << bad;
    EXPECT_FALSE(nginx_text({std::string("/etc/") + bad, "shop"}, green_gets(0.5, kBlue, kGreen))) << bad;
  }
  EXPECT_FALSE(nginx_text({"conf.d/shop.conf", "shop"}, green_gets(0.5, kBlue, kGreen))) << "not absolute";
  EXPECT_FALSE(nginx_text({"/etc/[a-z]", "shop"}, green_gets(0.5, kBlue, kGreen))) << "a pattern";
}

} // namespace
} // namespace backstop::traffic
