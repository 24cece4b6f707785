/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One rollover by N members, each of whom takes the next step when its own view allows it: can any
 * cache ever hold answers that do not fit together?
 *
 * The old key leaves, the new one comes: publish (its DNSKEY in), use (its signatures or its DS in,
 * the old one's out), remove (the old DNSKEY out). Until it holds the removal, any member may abandon
 * the new key; if nobody had put it in use, its DNSKEY is withdrawn again. Any number of members may
 * do the same or contrary things at the same time.
 *
 * What stands for what (lib/core; "abandon" is the design's):
 *   held          Of each author's facts a member holds a prefix; of its own, all. An author's facts
 *                 have the order of the steps below, so bits suffice. How late and in what order
 *                 facts of different authors arrive is open, and so are cuts and crashes: a member
 *                 may stop for any time, also for ever, between any two steps.
 *   HARMLESS      What can only let a member do more arrives at once: to have it later is to do less.
 *   dnskey, used  What the own server answers. Both change one after the other, each some time after
 *                 the member held the decision.
 *   acked         carry_decision(): once the own server serves it. As in the election, kept is only
 *                 how far the member's own log was then: a reader counts the ack as soon as it holds
 *                 that much (a closed view, and less than core asks), whatever becomes of heartbeats
 *                 on the way. An ack of one copy of a step acks all copies.
 *   WAITED        The guard of the next step: acked by all, and the own wait is over. What else core
 *                 asks (rules.h, view_guard.h) is not needed here.
 *   wait_for      The wait begins when the member sees the last ack: as early as it can, the worst.
 *   cached        Ground truth: the contents of both RRsets that any cache may hold. What a server
 *                 serves gets in. Time passes only as waits: when a member's wait is over, what no
 *                 server served since it began is out. A wait is at least the TTL, and the way to
 *                 secondaries, of the RRset that it is for; the other's may be longer: that stays.
 *   ONLY          When the wait of the last step is over everything is as in the beginning, with one
 *                 key. So the next rollover begins where this one began, and one is enough.
 *
 * Members are numbered in the order in which they decide to publish; no case is lost.
 *
 * Left out: a changing roster, servers that lose what they served, a parent that goes back, two
 * roles that roll at once, members that lie, the election: the new key is one that all agree on.
 *
 * N             members, 3 or 4
 * COPIES        at most so many members write the same fact; N if it is not given
 * ABANDONS      at most so many say that the key is abandoned
 * The rollover, one of
 * ZSK_SWAP      signatures are exchanged at once
 * ZSK_TOGETHER  the old signatures leave together with the old DNSKEY (named)
 * KSK           the DS at a parent with two servers, that takes CDS from any member at any time
 * To be refuted, one at a time:
 * MAJORITY      it is enough if more than half have acked
 * TIME_ALONE    it is enough to wait, however long: a cut may last longer
 * OPEN_VIEW     an ack counts though its author had facts that the reader lacks
 * NO_WAIT       it is enough if all have acked: caches forget at once
 * ACK_EARLY     a decision is acked when it is held, not when it is served
 * NEVER         that the wait of this step is never over: what cannot happen proves nothing
 */
#include "members.h"

#if !defined(COPIES)
#define COPIES N
#endif

/* Facts, as bits in the order in which one author may write them. */
#define PUBLISH    1   /* introduce the new DNSKEY */
#define USE        2   /* introduce the new signatures, or the new DS */
#define SEEN       4   /* both servers of the parent were seen with the new DS, and without the old */
#define REMOVE     8   /* withdraw the old DNSKEY */
#define ABANDON    16  /* introduce nothing of the new key any more */
#define TAKE_BACK  32  /* withdraw the new DNSKEY */

/* An RRset's content: the keys that are in it, or that signed it, or that it names. */
#define OLD   1
#define NEW   2
#define BOTH  3

/* Sets of contents: four bits for the DNSKEY RRset, and four for what the key is used for. */
#define DNSKEY_IS(content)  (1 << (content))
#define USED_IS(content)    (16 << (content))
#define ALL_DNSKEY          15
#define ALL_USED            240

byte held[N*N];    /* [member*N + author] */
byte dnskey[N];    /* [member]: the steps that its DNSKEY RRset shows */
byte used[N];      /* [member]: the steps that its signatures show; for a KSK, its CDS */
byte acked[N*6];   /* [member*6 + STEP]: ANSWERED and its own facts by then; 0: not acked yet */
byte wait_for[N];  /* [member]: the step whose wait runs, or is over */
bit wait_over[N];
byte since[N];     /* [member]: contents served since the running wait began */
byte parent[2];    /* the DS content of each of its servers */
byte cached;
#define ANSWERED 128

#if N == 3
#define HELD(me)        (held[(me)*N] | held[(me)*N + 1] | held[(me)*N + 2])
#else
#define HELD(me)        (held[(me)*N] | held[(me)*N + 1] | held[(me)*N + 2] | held[(me)*N + 3])
#endif
#define OWN(me)         held[(me)*N + (me)]
#define LACKS(me, a)    (OWN(a) & ~held[(me)*N + (a)])
#define FIRST_OF(bits)  ((bits) & (~(bits) + 1))

/* What a server answers that shows these steps. */
#define DNSKEY_OF(steps)  \
  (((steps) & REMOVE -> 0 : OLD) | (((steps) & (PUBLISH | TAKE_BACK)) == PUBLISH -> NEW : 0))
#if defined(ZSK_SWAP)
#define USED_OF(steps)    ((steps) & USE -> NEW : OLD)
#define SHOWS_USED        USE
#define REMOVE_CLEARS     ALL_DNSKEY
#elif defined(ZSK_TOGETHER)
#define USED_OF(steps)    (((steps) & REMOVE -> 0 : OLD) | ((steps) & USE -> NEW : 0))
#define SHOWS_USED        (USE | REMOVE)
#define REMOVE_CLEARS     (ALL_DNSKEY | ALL_USED)
#elif defined(KSK)
#define SHOWS_USED        USE
#define REMOVE_CLEARS     ALL_DNSKEY
#else
#error "which rollover?"
#endif
#define SHOWS_DNSKEY  (PUBLISH | REMOVE | TAKE_BACK)

/* --- what a member sees of the others --- */

/* Where the ack of a step stands: the number of its bit. */
#define AT(m, step)  \
  ((m)*6 + ((step) == PUBLISH -> 0 : ((step) == USE -> 1 : \
            ((step) == REMOVE -> 3 : ((step) == ABANDON -> 4 : 5)))))
#if defined(OPEN_VIEW)
#define CLOSED(me, step, m)  true
#else
#define CLOSED(me, step, m)  ((acked[AT(m, step)] & ~ANSWERED & ~held[(me)*N + (m)]) == 0)
#endif
#define ACKED(me, step, m)   (acked[AT(m, step)] != 0 && CLOSED(me, step, m))
#define WROTE(step, a)       ((OWN(a) & (step)) != 0)
#define SEES(me, a)          ((held[(me)*N + (a)] & SEEN) != 0)

/* The last step that it holds, and what caches have to forget before the next one. */
#define LAST(held)  \
  ((held) & TAKE_BACK -> TAKE_BACK : ((held) & REMOVE -> REMOVE : ((held) & USE -> USE : (held) & PUBLISH)))
#define FORGETS(step)  \
  ((step) == USE -> ALL_USED : ((step) == REMOVE -> REMOVE_CLEARS : ALL_DNSKEY))
#if defined(KSK)
#define AT_PARENT(me, step)  ((step) != USE || HOW_MANY(SEES, me) >= 2)
#else
#define AT_PARENT(me, step)  true
#endif
#define FOLLOWED(me, step)  (ENOUGH(ACKED, me, step) && AT_PARENT(me, step))

/* --- ground truth --- */

#define IN(set)  ((cached & (set)) != 0)
#define BOGUS  \
  (IN(DNSKEY_IS(0)) || IN(USED_IS(0)) || (IN(DNSKEY_IS(OLD)) && IN(USED_IS(NEW))) || \
   (IN(DNSKEY_IS(NEW)) && IN(USED_IS(OLD))))
#define ONLY(key)  (DNSKEY_IS(key) | USED_IS(key))

/* These contents are served from now on. */
inline serve(contents) {
  cached = cached | (contents);
  for (m : 0 .. N - 1) {
    if
    :: wait_for[m] != 0 && !wait_over[m] ->
       since[m] = since[m] | ((contents) & FORGETS(wait_for[m]))
    :: else
    fi
  }
  m = 0;
  assert(!BOGUS)
}

inline all_served() {
  now_served = 0;
  for (i : 0 .. N - 1) {
    now_served = now_served | DNSKEY_IS(DNSKEY_OF(dnskey[i]));
#if !defined(KSK)
    now_served = now_served | USED_IS(USED_OF(used[i]))
#endif
  }
  i = 0;
#if defined(KSK)
  now_served = now_served | USED_IS(parent[0]) | USED_IS(parent[1])
#endif
}

/* --- what a member does --- */

/* Its wait for the last step begins once it sees all that the step needs. */
inline look(m) {
  if
  :: wait_for[m] != LAST(HELD(m)) -> wait_for[m] = 0; wait_over[m] = 0; since[m] = 0
  :: else
  fi;
  if
  :: wait_for[m] == 0 && LAST(HELD(m)) != 0 && FOLLOWED(m, LAST(HELD(m))) ->
     wait_for[m] = LAST(HELD(m));
     all_served();
     since[m] = now_served & FORGETS(wait_for[m]);
     now_served = 0
  :: else
  fi
}

inline ack(me, step, carried_out) {
  if
  :: (HELD(me) & (step)) && acked[AT(me, step)] == 0 && (carried_out) ->
     acked[AT(me, step)] = ANSWERED | OWN(me)
  :: else
  fi
}

#if defined(ACK_EARLY)
#define SHOWN(shown, steps)  true
#else
#define SHOWN(shown, steps)  (((shown) & (steps)) == (steps))
#endif

/* A copy of what it holds already, or an observation. It can only let a member do more. */
#define HARMLESS(m, a)  ((FIRST_OF(LACKS(m, a)) & (HELD(m) | SEEN)) != 0)

inline take_harmless(m) {
  for (i : 0 .. N - 1) {
    do
    :: HARMLESS(m, i) -> held[(m)*N + i] = held[(m)*N + i] | FIRST_OF(LACKS(m, i))
    :: else -> break
    od
  }
  i = 0
}

/* It learned or did something: what it can answer, it answers, and everybody may count that. */
inline answer(me) {
  ack(me, PUBLISH, SHOWN(dnskey[me], PUBLISH));
  ack(me, USE, SHOWN(used[me], USE));
  ack(me, REMOVE, SHOWN(dnskey[me], REMOVE) && SHOWN(used[me], REMOVE & SHOWS_USED));
  ack(me, ABANDON, true);
  ack(me, TAKE_BACK, SHOWN(dnskey[me], TAKE_BACK));
  for (m : 0 .. N - 1) {
    take_harmless(m);
    look(m)
  }
  m = 0
}

/* For the story of a violation. */
inline name(step) {
  if
  :: step == PUBLISH -> printf("publish the new key\n")
  :: step == USE -> printf("use the new key\n")
#if defined(KSK)
  :: step == SEEN -> printf("the parent shows the new DS\n")
#endif
  :: step == REMOVE -> printf("remove the old key\n")
  :: step == ABANDON -> printf("the new key is abandoned\n")
  :: step == TAKE_BACK -> printf("withdraw the new key\n")
  fi
}

inline name_keys(content) {
  if
  :: content == OLD -> printf("the old key\n")
  :: content == NEW -> printf("the new key\n")
  :: content == BOTH -> printf("both keys\n")
  :: else -> printf("no key\n")
  fi
}

inline write(me, fact) {
  assert(fact > OWN(me));
  printf("member %d writes: ", me);
  name(fact);
  held[(me)*N + (me)] = OWN(me) | fact;
  answer(me)
}

inline receive(me, a) {
  printf("member %d receives of member %d: ", me, a);
  name(FIRST_OF(LACKS(me, a)));
  held[(me)*N + (a)] = held[(me)*N + (a)] | FIRST_OF(LACKS(me, a));
  answer(me)
}

inline change_dnskey(me) {
  dnskey[me] = HELD(me) & SHOWS_DNSKEY;
  printf("member %d serves as DNSKEY: ", me);
  name_keys(DNSKEY_OF(dnskey[me]));
  serve(DNSKEY_IS(DNSKEY_OF(dnskey[me])));
  answer(me)
}

inline change_used(me) {
  used[me] = HELD(me) & SHOWS_USED;
#if defined(KSK)
  printf("member %d serves CDS of the new key\n", me);
#else
  printf("member %d serves signatures of ", me);
  name_keys(USED_OF(used[me]));
  serve(USED_IS(USED_OF(used[me])));
#endif
  answer(me)
}

inline end_wait(me) {
  printf("member %d has waited for caches to follow: ", me);
  name(wait_for[me]);
#if !defined(NO_WAIT)
  cached = cached & (since[me] | ~FORGETS(wait_for[me]));
#endif
  since[me] = 0;
  wait_over[me] = 1;
#if defined(NEVER)
  assert(wait_for[me] != NEVER)
#elif !defined(FLAW)
  assert(wait_for[me] != REMOVE || cached == ONLY(NEW));
  assert(wait_for[me] != TAKE_BACK || cached == ONLY(OLD))
#endif
}

/* Its store survives; a wait begins again. */
inline crash(me) {
  printf("member %d starts again\n", me);
  wait_for[me] = 0;
  wait_over[me] = 0;
  since[me] = 0;
  look(me)
}

#define HOLDS(me, steps)   ((HELD(me) & (steps)) == (steps))
#define LACKS_ALL(me, steps)  ((HELD(me) & (steps)) == 0)
#define WAITED(me, step)   (wait_for[me] == (step) && wait_over[me])
#define FEW(step, most)    (HOW_MANY(WROTE, step) < (most))
#define IN_TURN(me)        (me == 0 || WROTE(PUBLISH, (me) - 1))

#define RECEIVE(a)  :: d_step { a != me && LACKS(me, a) != 0 -> receive(me, a) }

proctype Member(byte me) {
  byte m, i, now_served;
end:
  do
  FOR_EACH(RECEIVE)
  :: d_step { dnskey[me] != (HELD(me) & SHOWS_DNSKEY) -> change_dnskey(me) }
  :: d_step { used[me] != (HELD(me) & SHOWS_USED) -> change_used(me) }
  :: d_step { wait_for[me] != 0 && !wait_over[me] -> end_wait(me) }
  :: d_step { wait_for[me] != 0 -> crash(me) }
  :: d_step {
       LACKS_ALL(me, PUBLISH | ABANDON) && IN_TURN(me) && FEW(PUBLISH, COPIES) ->
       write(me, PUBLISH)
     }
  :: d_step {
       LACKS_ALL(me, USE | ABANDON) && WAITED(me, PUBLISH) && FEW(USE, COPIES) ->
       write(me, USE)
     }
  :: d_step {
       LACKS_ALL(me, REMOVE | ABANDON) && WAITED(me, USE) && FEW(REMOVE, COPIES) ->
       write(me, REMOVE)
     }
  :: d_step {
       LACKS_ALL(me, ABANDON | REMOVE) && FEW(ABANDON, ABANDONS) ->
       write(me, ABANDON)
     }
  :: d_step {
       HOLDS(me, PUBLISH | ABANDON) && LACKS_ALL(me, USE | TAKE_BACK) &&
       ENOUGH(ACKED, me, ABANDON) && FEW(TAKE_BACK, COPIES) ->
       write(me, TAKE_BACK)
     }
#if defined(KSK)
  :: d_step {
       HOLDS(me, USE) && LACKS_ALL(me, REMOVE | ABANDON) && (OWN(me) & SEEN) == 0 &&
       ENOUGH(ACKED, me, USE) && parent[0] == NEW && parent[1] == NEW && FEW(SEEN, COPIES) ->
       write(me, SEEN)
     }
#endif
  od
}

#if defined(KSK)
#define CDS(step, m)   ((used[m] & (step)) != 0)
#define CDS_SERVED     (HOW_MANY(CDS, USE) > 0)

/* A server of the parent changes its DS at once, or adds the new one first. */
inline change_ds(server, content) {
  printf("server %d of the parent serves the DS of ", server);
  name_keys(content);
  parent[server] = content;
  serve(USED_IS(content))
}

proctype Parent(byte server) {
  byte m;
end:
  do
  :: d_step { CDS_SERVED && parent[server] == OLD -> change_ds(server, BOTH) }
  :: d_step { CDS_SERVED && parent[server] != NEW -> change_ds(server, NEW) }
  od
}
#endif

init {
  atomic {
    byte m;
    cached = ONLY(OLD);
    for (m : 0 .. N - 1) { run Member(m) }
    m = 0;
#if defined(KSK)
    parent[0] = OLD;
    parent[1] = OLD;
    run Parent(0);
    run Parent(1)
#endif
  }
}
