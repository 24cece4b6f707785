// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/history/history.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tests/history/line.h"

namespace rollcall::history {
namespace {

// What one server serves of one zone, look by look.
class Course {
 public:
  Course(std::string server, std::string zone)
      : server_(std::move(server)), zone_(std::move(zone)) {}

  bool begun() const { return !last_seen_.empty(); }
  // How long nobody looked, though it may have served something.
  Nanoseconds gap(const Look& look) const {
    return begun() ? look.answered - since_ : Nanoseconds{0};
  }

  // Whether nobody has looked since it is up again.
  bool is_back() const { return is_back_; }

  void note(const Look& look) {
    is_back_ = false;
    const Time earliest = begun() ? since_ : look.asked;
    if (look.seen) last_seen_ = *look.seen;
    if (look.kept)
      std::erase_if(open_, [this](const auto& entry) { return !is_seen(entry.first); });
    for (const Answer& answer : last_seen_) see(answer, look, earliest);
    std::erase_if(open_, [&](auto& entry) {
      if (is_seen(entry.first)) return false;
      end(entry.second, look.answered);
      return true;
    });
    since_ = look.asked;
  }

  void down(Time at) {
    for (auto& entry : open_) end(entry.second, at);
  }

  // It may have come back with what it had, and changed it before the next look.
  void up(Time at) {
    for (auto& [answer, publication] : open_) publication = {server_, zone_, answer, {at, at}, {}};
    since_ = at;
    is_back_ = true;
  }

  std::vector<Publication> finish(Time at, bool is_down) && {
    if (!is_down) down(at);
    return std::move(ended_);
  }

 private:
  bool is_seen(const Answer& answer) const {
    return std::ranges::find(last_seen_, answer) != last_seen_.end();
  }

  void see(const Answer& answer, const Look& look, Time earliest) {
    const Publication fresh{server_, zone_, answer, {earliest, look.answered}, {}};
    Publication& publication = open_.try_emplace(answer, fresh).first->second;
    if (!publication.certain) publication.certain = Span{look.answered, look.asked};
    publication.certain->until = look.asked;
  }

  void end(Publication publication, Time at) {
    publication.possible.until = at;
    ended_.push_back(std::move(publication));
  }

  std::string server_, zone_;
  std::vector<Answer> last_seen_;
  std::map<Answer, Publication> open_;  // While it is down: what may come back.
  Time since_;                          // A change that the next look shows was not before this.
  bool is_back_ = false;
  std::vector<Publication> ended_;
};

class Reader {
 public:
  Result<> take(const Line& line) {
    if (const Turn* turn = std::get_if<Turn>(&line)) return take(*turn);
    return take(std::get<Look>(line));
  }

  History finish() && {
    for (auto& [place, course] : courses_) {
      for (Publication& one : std::move(course).finish(history_.end, down_.contains(place.first))) {
        history_.publications.push_back(std::move(one));
      }
    }
    return std::move(history_);
  }

 private:
  Result<> take(const Look& look) {
    if (down_.contains(look.server))
      return wrong("'" + look.server + "' answered while it was down");
    Course& course =
        courses_.try_emplace({look.server, look.zone}, look.server, look.zone).first->second;
    if (look.kept && !course.is_back())
      return wrong("'kept' is only for the first look after 'up'");
    if (!look.seen && !course.begun())
      return wrong("'same' at the first look at " + look.zone + " of " + look.server);
    if (auto in_order = pass(look.server, look.asked, look.answered); !in_order) return in_order;
    if (course.gap(look) > history_.widest_gap) {
      history_.widest_gap = course.gap(look);
      history_.widest_at = look.server;
    }
    course.note(look);
    ++history_.looks;
    return {};
  }

  Result<> take(const Turn& turn) {
    if (down_.contains(turn.server) != turn.up) {
      return wrong("'" + turn.server + "' is " + (turn.up ? "up" : "down") + " already");
    }
    if (auto in_order = pass(turn.server, turn.time, turn.time); !in_order) return in_order;
    if (turn.up)
      down_.erase(turn.server);
    else
      down_.insert(turn.server);
    for (auto& [place, course] : courses_) {
      if (place.first != turn.server || !course.begun()) continue;
      turn.up ? course.up(turn.time) : course.down(turn.time);
    }
    return {};
  }

  Result<> pass(const std::string& server, Time from, Time until) {
    const auto [last, first] = last_.try_emplace(server, from);
    if (!first && from < last->second) return wrong("time goes backwards for '" + server + "'");
    last->second = from;
    history_.begin = last_.size() == 1 && first ? from : std::min(history_.begin, from);
    history_.end = std::max(history_.end, until);
    return {};
  }

  static Result<> wrong(std::string what) {
    return tl::unexpected(Error{Errc::malformed, std::move(what)});
  }

  std::map<std::pair<std::string, std::string>, Course> courses_;
  std::map<std::string, Time> last_;
  std::set<std::string> down_;
  History history_;
};

}  // namespace

Result<History> read(std::istream& lines) {
  Reader reader;
  std::size_t number = 0;
  for (std::string text; std::getline(lines, text);) {
    ++number;
    const auto in_line = [number](Error error) {
      return Error{error.code, "line " + std::to_string(number) + ": " + error.what};
    };
    const auto line = parse_line(text);
    if (!line) return tl::unexpected(in_line(line.error()));
    if (const auto taken = reader.take(*line); !taken)
      return tl::unexpected(in_line(taken.error()));
  }
  History history = std::move(reader).finish();
  if (history.looks == 0) return tl::unexpected(Error{Errc::malformed, "no look at any server"});
  return history;
}

}  // namespace rollcall::history
