// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/server.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <future>

#include "lib/control/client.h"
#include "lib/control/peer.h"
#include "tests/control/live_server.h"

using namespace rollcall;
using namespace rollcall::control;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 20s;

void echo(const Request& request, std::function<void(Answer)> done) {
  done(Json{{"verb", request.verb},
            {"args", request.args},
            {"who", request.who},
            {"may_change", request.may_change}});
}

// A peer that behaves as no client of ours does.
class RawPeer {
 public:
  explicit RawPeer(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~RawPeer() { ::close(socket_); }
  void send(const std::string& bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  std::string receive_until_closed() {
    std::string all;
    char chunk[4096];
    for (ssize_t size; (size = ::recv(socket_, chunk, sizeof chunk, 0)) > 0;)
      all.append(chunk, static_cast<std::size_t>(size));
    return all;
  }
  std::string receive_line() {
    std::string line;
    for (char c; ::recv(socket_, &c, 1, 0) == 1 && c != '\n';) line += c;
    return line;
  }

 private:
  int socket_;
};

// Runs `act` as another user and gives its exit status; needs root.
int as_nobody(const std::vector<gid_t>& groups, const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool changed = ::setgroups(groups.size(), groups.data()) == 0 && ::setgid(65534) == 0 &&
                         ::setuid(65534) == 0;
    ::_exit(changed ? act() : 99);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a question is answered, and the handler knows who asked", "[server]") {
  const sample::Folder folder;
  const sample::Daemon daemon{{.path = folder / "s"}, echo};
  REQUIRE(daemon.listening);
  const Answer answer = call(folder / "s", "status", {{"zone", "a."}}, patience);
  REQUIRE(answer);
  CHECK((*answer)["verb"] == "status");
  CHECK((*answer)["args"] == Json{{"zone", "a."}});
  CHECK((*answer)["who"] == user_name(::geteuid()));
  CHECK((*answer)["may_change"] == true);  // the daemon's own user
}

TEST_CASE("one connection may ask again and again, also after a mistake", "[server]") {
  const sample::Folder folder;
  const sample::Daemon daemon{{.path = folder / "s"}, echo};
  RawPeer peer{folder / "s"};
  peer.send("nonsense\n" + encode_question("status", Json::object()) + "\n" +
            encode_question("info", Json::object()) + "\n");
  CHECK(decode_answer(peer.receive_line())->error().code == Errc::malformed);
  CHECK((**decode_answer(peer.receive_line()))["verb"] == "status");
  CHECK((**decode_answer(peer.receive_line()))["verb"] == "info");
}

TEST_CASE("an answer may come later, in any order among peers", "[server]") {
  const sample::Folder folder;
  std::promise<std::function<void(Answer)>> first;
  sample::Daemon daemon{{.path = folder / "s"},
                        [&](const Request& request, std::function<void(Answer)> done) {
                          if (request.verb == "check") return first.set_value(std::move(done));
                          done("second");
                        }};
  auto slow = std::async(std::launch::async,
                         [&] { return call(folder / "s", "check", Json::object(), patience); });
  const auto answer_first = first.get_future().get();
  CHECK(*call(folder / "s", "status", Json::object(), patience) == "second");
  boost::asio::post(daemon.loop(), [&] { answer_first("first"); });
  CHECK(*slow.get() == "first");
}

TEST_CASE("an answer larger than any buffer arrives whole", "[server]") {
  const sample::Folder folder;
  const std::string large(8 << 20, 'x');
  const sample::Daemon daemon{{.path = folder / "s"},
                              [&](const Request&, auto done) { done(large); }};
  CHECK(*call(folder / "s", "status", Json::object(), patience) == large);
}

TEST_CASE("a peer that takes no answer is cut off and holds up nobody", "[server]") {
  const sample::Folder folder;
  const sample::Daemon daemon{
      {.path = folder / "s", .idle_timeout = 200ms}, [&](const Request& request, auto done) {
        done(request.verb == "log" ? std::string(8 << 20, 'x') : std::string{"quick"});
      }};
  RawPeer lazy{folder / "s"};
  lazy.send(encode_question("log", Json::object()) + "\n");
  CHECK(*call(folder / "s", "status", Json::object(), patience) == "quick");
  RawPeer silent{folder / "s"};
  CHECK(silent.receive_until_closed().empty());  // and by then the lazy one is cut off as well
  CHECK(lazy.receive_until_closed().size() < (8 << 20));
}

TEST_CASE("a question may be as long as the limit and no longer", "[server]") {
  const sample::Folder folder;
  const sample::Daemon daemon{{.path = folder / "s"}, echo};
  const std::string empty = encode_question("status", {{"zone", ""}});
  const std::string filler(longest_line - empty.size() - 1, 'a');
  CHECK(call(folder / "s", "status", {{"zone", filler}}, patience));
  RawPeer peer{folder / "s"};
  peer.send(std::string(longest_line + 8192, 'a'));
  CHECK(decode_answer(peer.receive_line())->error().what ==
        "the question is longer than 65536 bytes");
}

TEST_CASE("the client after the last is told so", "[server]") {
  const sample::Folder folder;
  const sample::Daemon daemon{{.path = folder / "s", .most_clients = 1}, echo};
  {
    RawPeer peer{folder / "s"};
    peer.send(encode_question("status", Json::object()) + "\n");
    peer.receive_line();  // now it is certainly in
    CHECK(call(folder / "s", "status", Json::object(), patience).error().what ==
          "rollcalld has too many clients");
  }
}

TEST_CASE("a socket that a killed daemon left is replaced, one in use is not", "[server]") {
  const sample::Folder folder;
  const std::string path = folder / "s";
  {
    const int left_behind = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    REQUIRE(::bind(left_behind, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::close(left_behind);
  }
  CHECK(call(path, "status", Json::object(), patience).error().code == Errc::unavailable);
  const sample::Daemon first{{.path = path}, echo};
  CHECK(first.listening);
  {
    const sample::Daemon second{{.path = path}, echo};
    REQUIRE_FALSE(second.listening);
    CHECK(second.listening.error().code == Errc::conflict);
  }
  CHECK(call(path, "status", Json::object(), patience));  // the second took nothing away
}

TEST_CASE("what is no socket is not removed", "[server]") {
  const sample::Folder folder;
  std::ofstream{folder / "s"} << "precious";
  const sample::Daemon daemon{{.path = folder / "s"}, echo};
  CHECK(daemon.listening.error().code == Errc::conflict);
  CHECK(std::filesystem::file_size(folder / "s") == 8);
}

TEST_CASE("a path that cannot be is refused with its name", "[server]") {
  const sample::Folder folder;
  const sample::Daemon too_long{{.path = folder / std::string(120, 'p')}, echo};
  CHECK(too_long.listening.error().code == Errc::malformed);
  const sample::Daemon nowhere{{.path = folder / "missing/s"}, echo};
  CHECK(nowhere.listening.error().code == Errc::not_found);
}

TEST_CASE("the socket goes with its daemon", "[server]") {
  const sample::Folder folder;
  { const sample::Daemon daemon{{.path = folder / "s"}, echo}; }
  CHECK_FALSE(std::filesystem::exists(folder / "s"));
  const Answer answer = call(folder / "s", "status", Json::object(), patience);
  CHECK(answer.error().code == Errc::unavailable);
  CHECK(answer.error().hint.find("systemctl start rollcalld") == 0);
}

TEST_CASE("a handler that drops a question ends the conversation", "[server]") {
  const sample::Folder folder;
  const sample::Daemon daemon{{.path = folder / "s"}, [](const Request&, const auto&) {}};
  CHECK(call(folder / "s", "status", Json::object(), patience).error().what ==
        "rollcalld closed the connection without an answer");
}

TEST_CASE("a client does not wait longer than it wants to", "[client]") {
  const sample::Folder folder;
  std::function<void(Answer)> never_called;
  const sample::Daemon daemon{{.path = folder / "s"},
                              [&](const Request&, auto done) { never_called = std::move(done); }};
  CHECK(call(folder / "s", "status", Json::object(), 50ms).error().what ==
        "rollcalld did not answer in time");
  never_called = nullptr;  // it holds the conversation, which must not outlive the daemon's loop
}

TEST_CASE("rights follow user and groups", "[peer]") {
  const Circle circle{.own_user = 100, .read_group = 200, .change_group = 300};
  CHECK(access_of({0, {}}, circle) == Access::change);
  CHECK(access_of({100, {}}, circle) == Access::change);
  CHECK(access_of({101, {5, 300}}, circle) == Access::change);
  CHECK(access_of({101, {200, 5}}, circle) == Access::read);
  CHECK(access_of({101, {5}}, circle) == Access::none);
  CHECK(access_of({101, {0}}, Circle{.own_user = 100, .read_group = {}, .change_group = {}}) ==
        Access::none);
}

TEST_CASE("another user may do what the groups of the process allow", "[peer]") {
  if (::geteuid() != 0) return;  // only root can become somebody else
  const sample::Folder folder;
  const std::string path = folder / "s";
  const sample::Daemon daemon{{.path = path, .read_group = "daemon", .change_group = "bin"}, echo};
  const gid_t readers = *group_named("daemon"), changers = *group_named("bin");
  const auto status = [&] { return call(path, "status", Json::object(), patience) ? 0 : 1; };
  const auto serve = [&] {
    const Answer answer = call(path, "serve", {{"on", true}}, patience);
    return answer ? 0 : answer.error().code == Errc::denied ? 1 : 2;
  };
  CHECK(as_nobody({}, status) == 1);
  CHECK(as_nobody({readers}, status) == 0);
  CHECK(as_nobody({readers}, serve) == 1);
  CHECK(as_nobody({changers}, status) == 0);
  CHECK(as_nobody({changers}, serve) == 0);
}
