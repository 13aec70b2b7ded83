/** What an Alertmanager was told, alert by alert, from the posts that a proxy kept. */
import type { Notification } from "@rondo/testkit/fleet";
import type { RecordedPost } from "./recording-proxy.ts";

/** The part of an alert of API v2 that tells when it fires. */
interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** Every alert of every post to `/api/v2/alerts`, in their order. */
export function postedAlerts(posts: readonly RecordedPost[]): readonly Notification[] {
  return posts.flatMap(({ at, body }) =>
    // Of that shape by Alertmanager's OpenAPI definition; Rondo always says both times.
    (JSON.parse(body.toString()) as readonly PostableAlert[]).map(({ labels, startsAt, endsAt }) => {
      return { at, labels, startsAt: Date.parse(startsAt), endsAt: Date.parse(endsAt) };
    }),
  );
}
