/** The pages that the exporters of a thread hold. Its process serves them, and asks for what stands on each. */
import type { ExporterPage, PagePart, ServePage } from "@rondo/exporters";
import type { PartWanted } from "./report.ts";

/** The pages of one thread, by exporter. */
export class HeldPages {
  readonly #pages = new Map<string, ExporterPage>();

  /** Keeps a page instead of serving it; what exporter types are to be made with. */
  readonly serve: ServePage = async (page) => {
    this.#pages.set(page.id, page);
    return undefined;
  };

  /** What stands on a page now; nothing as long as its exporter has not started. */
  async part({ exporter, format }: PartWanted): Promise<PagePart> {
    return (await this.#pages.get(exporter)?.parts(format))?.flat() ?? [];
  }
}
