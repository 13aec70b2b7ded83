/** Sums that keep what rounding would lose (Kahan, in Neumaier's form), as Prometheus sums. */

/** A running sum with its compensation. The true sum is `sum + lost`. */
export class KahanSum {
  sum: number;
  lost = 0;

  constructor(sum = 0) {
    this.sum = sum;
  }

  /** Adds a number. */
  add(value: number): void {
    const { sum } = this;
    const next = sum + value;
    if (!Number.isFinite(next)) this.lost = 0;
    else if (Math.abs(sum) >= Math.abs(value)) this.lost += sum - next + value;
    else this.lost += value - next + sum;
    this.sum = next;
  }

  /** The sum as a number. */
  get total(): number {
    return this.sum + this.lost;
  }
}

/**
 * A running mean: the sum divided by the count for as long as the sum fits into a double, the mean kept up to date one by one
 * from then on.
 */
export class RunningMean {
  readonly #sum: KahanSum;
  #count = 1;
  #incremental = false;

  /** Begins with the first number. */
  constructor(first: number) {
    this.#sum = new KahanSum(first);
  }

  /** Adds a number. */
  add(value: number): void {
    const sum = this.#sum;
    this.#count++;
    if (!this.#incremental) {
      const before = sum.sum;
      const { lost } = sum;
      sum.add(value);
      if (Number.isFinite(sum.sum) || Number.isNaN(sum.sum)) return;
      this.#incremental = true;
      sum.sum = before / (this.#count - 1);
      sum.lost = lost / (this.#count - 1);
    }
    const share = (this.#count - 1) / this.#count;
    sum.sum *= share;
    sum.lost *= share;
    sum.add(value / this.#count);
  }

  /** The mean so far. */
  get mean(): number {
    const { sum, lost } = this.#sum;
    return this.#incremental ? sum + lost : sum / this.#count + lost / this.#count;
  }
}
