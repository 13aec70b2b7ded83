/** Bounds one try in time: a backend that does not answer is as good as one that is away. */
import { type Clock, Fault, type Layer, retry, unanswered, type Verdict } from "@rondo/core";

/**
 * Aborts a try after `ms` and answers retry with a Fault `unavailable`; 0 is no bound. The answer comes on time even when the
 * inner Deliver ignores the abort: what it says later – a verdict or a rejection – is discarded, so a batch may then be
 * delivered twice, never lost. The caller's own abort is passed on and answered at once.
 */
export function timeout(ms: number, clock: Clock): Layer {
  if (ms === 0) return (next) => next;
  return (next) => (batch, abort) => {
    if (abort.aborted) return Promise.resolve(gaveUp());
    return new Promise<Verdict>((resolve, reject) => {
      const attempt = new AbortController();
      const finish = () => {
        cancel();
        abort.removeEventListener("abort", onAbort);
      };
      const onAbort = () => {
        finish();
        attempt.abort();
        resolve(gaveUp());
      };
      const cancel = clock.after(ms, () => {
        finish();
        attempt.abort();
        resolve(unanswered(new Fault("unavailable", `no answer within ${ms} ms`)));
      });
      abort.addEventListener("abort", onAbort, { once: true });
      // Both callbacks are given, so a late rejection is handled: it meets a promise that is already settled.
      next(batch, attempt.signal).then(
        (verdict) => {
          finish();
          resolve(verdict);
        },
        (thrown: unknown) => {
          finish();
          reject(thrown);
        },
      );
    });
  };
}

function gaveUp(): Verdict {
  return retry(new Fault("aborted", "the caller gave up"));
}
