/** Chance that can be had again, for rigs: the same that fleets are made with. */
export { between, seededRandom } from "@rondo/testkit";
