/** Bodies that other implementations made of one text; of both, only what makes them is kept. */
import { inflateRawSync } from "node:zlib";

const made = (base64: string) => inflateRawSync(Buffer.from(base64, "base64"));

/** What the bodies below hold. */
export const TEXT = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `round ${i % 11};`).join("")).subarray(
  0,
  150_000,
);

/** By lz4 1.9.4, with the options that it was given. */
export const LZ4: readonly (readonly [options: string, body: Buffer])[] = [
  [
    "-B4 -BD: blocks of 64 KiB that lean on earlier ones",
    made(
      "Y1HylXBxiHNgZGBoKsovzUtRMLDmYBA25GAQNuJgEDbmYBA24WAQNuVgEDbjYBA252AQtuBgELbkYBAxDGRg4WDgj2T4P8JBY0BeioKxNRcjAwP/g5EeGP9fgELD3LqNAZ6iLKwhKUbZ0IATlGSEDQVwpi5qJqdDAcbWRfmlDAwMDMnZut0A",
    ),
  ],
  [
    "-B4 -BX --content-size: blocks with checksums, a size",
    made(
      "Y1Hylahx+ODJxAAC/A6MDAxNRfmleSkKBtYcDMKGHAzCRhwMwsYcDMImHAzCphwMwmYcDMLmHAzCFhwMwpYcDCKGgQwsHAz8kQz/RzhoDMhLUTC2nu5xN9sWEY4m1tjDTdnQgBMUcMKGAvAwHg3E/52gQDS35ijdytjGAA9EC2vcgYaeMKkZiIcCjK2L8ksbGOc+BuWP5GzdbgA=",
    ),
  ],
  [
    "-B7 -12: one block, compressed as far as it goes",
    made(
      "Y1HylUgJ4GhjYmBoKsovzUtRMLDmYBA25GAQNuJgEDbmYBA24WAQNuVgEDbjYBA252AQtuBgELH0YNA3sI5k+D8KRgF1wKkAY+ui/FIGBgaG5GzdbgA=",
    ),
  ],
  [
    "-B4 -BI --no-frame-crc: blocks by themselves, no checksum",
    made(
      "Y1HylUhwaHJgZGBoKsovzUtRMLDmYBA25GAQNuJgEDbmYBA24WAQNuVgEDbjYBA252AQtuBgELbkYBAxDGRg4WDgj2T4P8JBY0BeioKxtS0iDE2ssYeZsqEBJyjQhA0F4OE7GoD/O0EBaG7dxgAPQAtr3AGGniCpGYCHAoyti/JLGYAAAA==",
    ),
  ],
];

/** By snappyjs 0.7.0: one block. */
export const SNAPPY_BLOCK = made(
  "7dmxCQJBGEThCQxmgx/c3MAS7vQ8T8zswPBSMVYQbMAWbNQKRBbUQC420AdfBZM95nZNk9PxfNhPq3Wy6rBmYc3DasJahNWGtQyrC2sVVp232fdeAAAAAH7ertezGJpSDAOFMKqrSLnExPgVE8wGAAAA/IPLOxe6kgvDefD5NTAb8E2bXg8=",
);

/** By golang/snappy 1.0.0: `FRAMED_TEXT` as a stream, compressed chunks and one that is not. */
export const SNAPPY_FRAMED = made(
  "7de9CcJQFIbhLxr0BDxgwNJCnCBX408QmwwgsbyNcCWNoIlEbWNm0BlsnM7GViWgnROEA88Eb/e+G8BhYaK9RtDC0ztfisLuZukpiXvezCEoJgyYMGSCz4QRE8ZMmDBhyoSACcpduvTSEEIIIYQQQlTeWgNNC+Htfn30v+/gl+/w5xVs5bHjllvR/m1FlVKEGlYHWNlzk2cmidNdDqtWP5rN9gM=",
);

/** What `SNAPPY_FRAMED` holds. */
export const FRAMED_TEXT = Buffer.concat([TEXT.subarray(0, 70_000), Buffer.from("~random~\0\x01\x02\x03tail")]);
