#include "tests/integration/daemon_process.hpp"
#include <regex>

/// Reports of a real daemon, over the control socket and from its files; and the anchor that its log gives.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class DaemonReport : public DaemonProcess {
protected:
  [[nodiscard]] std::vector<std::string> offline(std::vector<std::string> words) const {
    words.insert(words.end(),
                 {"--offline", "--journal", shop.dir + "/journal.db", "--recorder", shop.dir + "/recorder.db"});
    return words;
  }
};

TEST_F(DaemonReport, TheSocketAndTheFilesGiveTheSame) {
  roll_back_once();
  for (const char* id : {"I1", "D1", "D2"}) {
    for (const char* format : {"md", "html", "json"}) {
      const Ran asked = ctl({"report", id, "--format", format});
      ASSERT_EQ(asked.code, 0) << asked.err;
      const Ran read = ctl(offline({"report", id, "--format", format}));
      ASSERT_EQ(read.code, 0) << read.err;
      EXPECT_EQ(asked.out, read.out) << id << " " << format;
      EXPECT_THAT(asked.out, HasSubstr("v1-bad"));
    }
  }
  const Ran html = ctl({"report", "I1", "--format", "html", "--out", shop.dir + "/i1.html"});
  EXPECT_THAT(html.err, HasSubstr("i1.html: shop/test: v1-bad was rolled back to v0-good"));
  EXPECT_THAT(shop::read_text(shop.dir + "/i1.html"), HasSubstr("<svg "));
}

TEST_F(DaemonReport, WithoutTheRecorderTheRecordsTellIt) {
  roll_back_once();
  stop();
  const Ran report =
      ctl({"report", "I1", "--offline", "--journal", shop.dir + "/journal.db", "--recorder", shop.dir + "/none.db"});
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_THAT(report.out, AllOf(HasSubstr("There are no pictures: "), HasSubstr("none.db: no such file")));
}

TEST_F(DaemonReport, WhatIsNotThereIsSaid) {
  ASSERT_TRUE(start());
  const Ran none = ctl({"report", "I9"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("'I9': does not exist"));
  EXPECT_EQ(ctl(offline({"report", "I9"})).code, 1);
  EXPECT_EQ(ctl({"report", "D1", "--format", "pdf"}).code, 2);
}

/// A real repository of the version that was deployed, and the one before it.
class DaemonReleaseNotes : public DaemonReport {
protected:
  void SetUp() override {
    DaemonReport::SetUp();
    git("init -q .");
    commit("feat(cart): gift cards");
    git("tag v0-good");
    commit("fix: totals are rounded to cents");
    commit("feat!: prices have a currency\n\nBREAKING CHANGE: `price` is an object");
    commit("chore: tidy");
    commit("say <b>hello</b> to *everybody*");
    git("tag v1-bad");
  }
  void git(const std::string& words) const {
    const std::string command = "mkdir -p " + repository() + " && cd " + repository() +
                                " && git -c user.name=Ana -c user.email=ana@example.com -c commit.gpgsign=false " +
                                words + " >git.out 2>&1 </dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0) << shop::read_text(repository() + "/git.out");
  }
  void commit(const std::string& message) const {
    std::ofstream(repository() + "/.git/message") << message;
    git("commit -q --allow-empty -F .git/message");
  }
  [[nodiscard]] std::string repository() const { return shop.dir + "/repository"; }
};

TEST_F(DaemonReleaseNotes, TellWhatTheCommitsBetweenTheVersionsChanged) {
  roll_back_once();
  const Ran notes = ctl({"release-notes", "D1", "--git", repository()});
  ASSERT_EQ(notes.code, 0) << notes.err;
  EXPECT_THAT(notes.out, AllOf(HasSubstr("totals are rounded to cents"), HasSubstr("prices have a currency"),
                               HasSubstr("is an object"), HasSubstr("v0-good..v1-bad"),
                               Not(HasSubstr("gift cards")), Not(HasSubstr("<b>hello"))));
  const Ran wider = ctl({"release-notes", "D1", "--git", repository() + ":v1-bad~4..v1-bad~1"});
  ASSERT_EQ(wider.code, 0) << wider.err;
  EXPECT_THAT(wider.out, Not(HasSubstr("everybody")));
}

TEST_F(DaemonReleaseNotes, ARangeThatIsNotThereIsSaidWithAWayOut) {
  git("tag -d v0-good");
  roll_back_once();
  const Ran notes = ctl({"release-notes", "D1", "--git", repository()});
  EXPECT_EQ(notes.code, 1);
  EXPECT_THAT(notes.err, AllOf(HasSubstr("asked for v0-good..v1-bad"), HasSubstr("--git DIR:FROM..TO")));
  const Ran nowhere = ctl({"release-notes", "D1", "--git", shop.dir + "/nowhere"});
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("nowhere"));
}

TEST_F(DaemonReport, TheLogSaysHowTheJournalEnds) {
  roll_back_once();
  stop();
  const std::string text = log();
  std::string anchor;
  const std::regex line("the journal ends with record ([0-9]+:[0-9a-f]{64})");
  for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) anchor = (*at)[1];
  ASSERT_FALSE(anchor.empty()) << text;
  const Ran audit = ctl({"audit", "verify", shop.dir + "/journal.db", "--anchor", anchor});
  EXPECT_EQ(audit.code, 0) << audit.out << audit.err;
  EXPECT_THAT(audit.out,
              AllOf(HasSubstr("as it was written"), HasSubstr("ends with " + anchor), Not(HasSubstr("NOT"))));
}

} // namespace
} // namespace backstop
