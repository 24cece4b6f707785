/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The election of one generation's key among N members: can two members ever come to different
 * results, or one member to different results at different times?
 *
 * What stands for what (lib/core):
 *   log, held    The facts of each author in their order, of which a member holds a prefix (log.cpp).
 *                A fact is in the log once it is in its author's store. How late and in what order
 *                the directory hands out the logs is open, and so are cuts and crashes: a member
 *                may stop for any time, also for ever, between any two steps.
 *   make         finish_keys(): the second look and the fact are one pass there and one step here.
 *   receive      follow(), carry_candidate(): a candidate is acked, or a rejection is written
 *                first, for any reason at all. It is answered as soon as it is held: an answer that
 *                comes later, or is `behind` until then, only lets others wait.
 *   answered     The heartbeat that first told of the answer, by how many facts its author had then.
 *                Heartbeats are not sent: a reader may count any that was ever written, from when
 *                it is closed to it. So no delay, loss or overwriting of heartbeats lets a reader
 *                in the real world count more, or earlier.
 *   COUNTED      Acks::promised() on a closed view, and less than core asks: that the reader holds
 *                the other's own facts, not those of third members that the other held.
 *   HARMLESS     A fact that can only let a member count more arrives at once.
 *   conclude     elect(), as often as anybody likes. Decisions, which only spread the result, are
 *                left out: each member must come to it alone.
 *
 * Members are numbered by the `created` of their candidates, whoever writes first in true time. So
 * the order of the election is that of the numbers, and no case is lost.
 *
 * Left out: a roster that changes (join, forget, restore), the next generation, members that lie.
 *
 * N            members, 3 or 4
 * REJECTIONS   at most so many rejections in all
 * To be refuted, one at a time:
 * MAJORITY     it is enough if more than half have answered
 * TIME_ALONE   it is enough to wait, however long: a cut may last longer
 * OPEN_VIEW    an answer counts though its author had facts that the reader lacks
 * NO_PROMISE   who has answered a candidate may still make its own: no second look
 * NEVER        that the election never ends like this (1 + the winner, or VOID): what cannot happen
 *              proves nothing
 */
#include "members.h"

#define BIT(m)        (1 << (m))
#define CANDIDATE(m)  (1 + (m))
#define REJECTION(m)  (1 + N + (m))
#define VOID          (1 + N)

byte log[N*N];       /* [author*N + i]: the author's fact number i + 1 */
byte held[N*N];      /* [member*N + author]: so many facts of the author; of itself: all */
byte answered[N*N];  /* [member*N + candidate]: 1 + own facts when it had answered; 0: not yet */
byte candidates[N];  /* [member]: those that it holds, as bits */
byte rejected[N];    /* [member]: those that anybody rejected, as far as it holds that, as bits */
byte rejections;
byte result;         /* The first that anybody concluded: CANDIDATE(winner) or VOID; 0: none yet. */

/* Whether `reader` counts the answer of `m` to candidate `c`. */
#if defined(OPEN_VIEW)
#define CLOSED(reader, m, c)  true
#else
#define CLOSED(reader, m, c)  (held[(reader)*N + (m)] + 1 >= answered[(m)*N + (c)])
#endif
#define COUNTED(reader, m, c)  \
  (!(candidates[reader] & BIT(c)) || (answered[(m)*N + (c)] > 0 && CLOSED(reader, m, c)))
#define ANSWERED(reader, m)  EVERY(COUNTED, reader, m)

#if defined(NO_PROMISE)
#define MAY_MAKE(me)  (answered[(me)*N + (me)] == 0)
#else
#define MAY_MAKE(me)  (candidates[me] == 0)
#endif
#define ARRIVES(me, a)  ((a) != (me) && held[(me)*N + (a)] < held[(a)*N + (a)])
#define NEXT(me, a)     log[(a)*N + held[(me)*N + (a)]]
#define MAY_REJECT(me, a)  \
  (ARRIVES(me, a) && NEXT(me, a) <= N && rejections < REJECTIONS)

inline write(me, fact) {
  log[(me)*N + held[(me)*N + (me)]] = fact;
  held[(me)*N + (me)]++
}

inline make(me) {
  write(me, CANDIDATE(me));
  candidates[me] = candidates[me] | BIT(me);
  answered[(me)*N + (me)] = 1 + held[(me)*N + (me)];
  printf("member %d makes a candidate\n", me)
}

inline receive(me, a, rejects) {
  news = NEXT(me, a);
  held[(me)*N + (a)]++;
  if
  :: news > N ->
     rejected[me] = rejected[me] | BIT(news - REJECTION(0));
     printf("member %d hears that %d rejects the candidate of %d\n", me, a, news - REJECTION(0))
  :: else ->
     candidates[me] = candidates[me] | BIT(a);
     if
     :: rejects ->
        write(me, REJECTION(a));
        rejected[me] = rejected[me] | BIT(a);
        rejections++;
        printf("member %d rejects the candidate of %d\n", me, a)
     :: else -> printf("member %d acks the candidate of %d\n", me, a)
     fi;
     answered[(me)*N + (a)] = 1 + held[(me)*N + (me)]
  fi;
  news = 0;
  take_harmless()
}

/* A rejection of what it holds as rejected already. It only closes views. */
#define HARMLESS(me, a)  \
  (ARRIVES(me, a) && NEXT(me, a) > N && (rejected[me] & BIT(NEXT(me, a) - REJECTION(0))))

inline take_harmless() {
  for (m : 0 .. N - 1) {
    for (i : 0 .. N - 1) {
      do
      :: HARMLESS(m, i) -> held[m*N + i]++
      :: else -> break
      od
    }
  }
  m = 0;
  i = 0
}

inline conclude(me) {
  news = 0;
  do  /* the first that nobody rejected */
  :: news < N && !(candidates[me] & ~rejected[me] & BIT(news)) -> news++
  :: else -> break
  od;
  news++;
  if
  :: news == VOID -> printf("member %d concludes: no winner\n", me)
  :: else -> printf("member %d concludes: the winner is the candidate of %d\n", me, news - 1)
  fi;
#if defined(NEVER)
  assert(news != NEVER);
#endif
  assert(result == 0 || result == news);
  result = news;
  news = 0
}

#define OPTIONS(a)  \
  :: d_step { ARRIVES(me, a) -> receive(me, a, false) } \
  :: d_step { MAY_REJECT(me, a) -> receive(me, a, true) }

proctype Member(byte me) {
  byte news, m, i;
end:
  do
  :: d_step { MAY_MAKE(me) -> make(me) }
  :: d_step { candidates[me] != 0 && ENOUGH(ANSWERED, me) -> conclude(me) }
  FOR_EACH(OPTIONS)
  od
}

init {
  atomic {
    byte m;
    for (m : 0 .. N - 1) { run Member(m) }
    m = 0
  }
}
