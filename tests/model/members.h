/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What both models say of N members: quantors, one option of a loop for each member, and whose
 * answers it takes.
 */
#if N == 3
#define ALL(P, ...)       (P(__VA_ARGS__, 0) && P(__VA_ARGS__, 1) && P(__VA_ARGS__, 2))
#define EVERY(P, ...)     (P(__VA_ARGS__, 0) && P(__VA_ARGS__, 1) && P(__VA_ARGS__, 2))
#define HOW_MANY(P, ...)  (P(__VA_ARGS__, 0) + P(__VA_ARGS__, 1) + P(__VA_ARGS__, 2))
#define FOR_EACH(OPTION)  OPTION(0) OPTION(1) OPTION(2)
#elif N == 4
#define ALL(P, ...)  \
  (P(__VA_ARGS__, 0) && P(__VA_ARGS__, 1) && P(__VA_ARGS__, 2) && P(__VA_ARGS__, 3))
#define EVERY(P, ...)  \
  (P(__VA_ARGS__, 0) && P(__VA_ARGS__, 1) && P(__VA_ARGS__, 2) && P(__VA_ARGS__, 3))
#define HOW_MANY(P, ...)  \
  (P(__VA_ARGS__, 0) + P(__VA_ARGS__, 1) + P(__VA_ARGS__, 2) + P(__VA_ARGS__, 3))
#define FOR_EACH(OPTION)  OPTION(0) OPTION(1) OPTION(2) OPTION(3)
#else
#error "N is 3 or 4"
#endif

#if defined(MAJORITY)
#define ENOUGH(P, ...)  (2 * HOW_MANY(P, __VA_ARGS__) > N)
#elif defined(TIME_ALONE)
#define ENOUGH(P, ...)  true
#else
#define ENOUGH(P, ...)  ALL(P, __VA_ARGS__)
#endif

#if defined(MAJORITY) || defined(TIME_ALONE) || defined(OPEN_VIEW) || defined(NO_PROMISE) || \
    defined(NO_WAIT) || defined(ACK_EARLY)
#define FLAW  /* the model is there to be refuted */
#endif
