import { expect, onTestFinished, test } from "vitest";
import { servePage } from "./serve-page.ts";

const OPEN = "application/openmetrics-text;version=1.0.0";

async function serve(openMetrics: boolean) {
  const address = { host: "127.0.0.1", port: 0, text: "127.0.0.1:0" };
  const server = await servePage({ id: "prometheus", address, openMetrics, parts: async () => [[], []] });
  onTestFinished(() => server.close());
  const answer = await fetch(`http://${server.address}/metrics`, { headers: { accept: OPEN } });
  return { type: answer.headers.get("content-type"), body: await answer.text() };
}

test("what is asked of the parts, and how the page is answered, follow the client only where that is enabled", async () => {
  expect(await serve(true)).toEqual({ type: `${OPEN.replace(";", "; ")}; charset=utf-8`, body: "# EOF\n" });
  expect(await serve(false)).toEqual({ type: "text/plain; version=0.0.4; charset=utf-8", body: "" });
});
