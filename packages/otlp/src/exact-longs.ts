/**
 * Gives protobufjs the type that holds 64-bit integers exactly. It looks for one by a `require` that resolution conditions
 * can mislead, and without it rounds to doubles and says nothing: nanoseconds of the epoch would lose their last digits.
 */
import Long from "long";
import $protobuf from "protobufjs/minimal.js";

$protobuf.util.Long = Long;
$protobuf.configure();
