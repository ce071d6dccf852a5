// What the page holds deflated (RFC 1951, as base64), made text again. At once, as the scripts below need it, and in
// every browser: DecompressionStream is asynchronous and missing in older ones.
"use strict";
const unpack = (() => {
  const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
  const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  const DISTANCES = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
  const DISTANCE_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
  const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

  /** A canonical Huffman code as a table: at the next bits of the stream stand the symbol and the length of its code. */
  const code = (lengths) => {
    const most = Math.max(1, ...lengths);
    const counts = new Uint16Array(17), next = new Uint16Array(17);
    for (const length of lengths) if (length) counts[length] += 1;
    for (let n = 1; n < 16; n += 1) next[n + 1] = (next[n] + counts[n]) << 1;
    const table = new Uint16Array(1 << most);
    lengths.forEach((length, symbol) => {
      if (!length) return;
      let place = 0;
      for (let value = next[length]++, n = 0; n < length; n += 1, value >>= 1) place = (place << 1) | (value & 1);
      for (; place < table.length; place += 1 << length) table[place] = (symbol << 4) | length;
    });
    return { table, most };
  };
  const fixed = [
    code([...Array(288).keys()].map((n) => (n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8))),
    code(Array(30).fill(5)),
  ];

  const inflate = (from, size) => {
    const to = new Uint8Array(size);
    let read = 0, written = 0, held = 0, bits = 0;
    const take = (n) => {
      while (bits < n) { held |= from[read++] << bits; bits += 8; }
      const value = held & ((1 << n) - 1);
      held >>>= n;
      bits -= n;
      return value;
    };
    const symbol = ({ table, most }) => {
      while (bits < most) { held |= from[read++] << bits; bits += 8; }
      const found = table[held & (table.length - 1)];
      if (!found) throw new Error("the packed data of this page is damaged");
      held >>>= found & 15;
      bits -= found & 15;
      return found >> 4;
    };
    const codes = () => {
      const [literals, distances, lengths] = [take(5) + 257, take(5) + 1, take(4) + 4];
      const own = Array(19).fill(0);
      for (let n = 0; n < lengths; n += 1) own[ORDER[n]] = take(3);
      const how = code(own);
      const all = [];
      while (all.length < literals + distances) {
        const said = symbol(how);
        if (said < 16) all.push(said);
        else {
          const [value, times] = said === 16 ? [all[all.length - 1], 3 + take(2)] : [0, said === 17 ? 3 + take(3) : 11 + take(7)];
          for (let n = 0; n < times; n += 1) all.push(value);
        }
      }
      return [code(all.slice(0, literals)), code(all.slice(literals))];
    };
    for (let last = false; !last;) {
      last = take(1) === 1;
      const kind = take(2);
      if (kind === 0) {
        read -= bits >> 3; // whole bytes that were held ahead
        held = 0;
        bits = 0;
        const length = from[read] | (from[read + 1] << 8);
        to.set(from.subarray(read + 4, read + 4 + length), written);
        read += 4 + length;
        written += length;
        continue;
      }
      const [literal, distance] = kind === 1 ? fixed : codes();
      for (let said = symbol(literal); said !== 256; said = symbol(literal)) {
        if (said < 256) { to[written++] = said; continue; }
        const length = LENGTHS[said - 257] + take(LENGTH_BITS[said - 257]);
        const far = symbol(distance);
        const back = DISTANCES[far] + take(DISTANCE_BITS[far]);
        for (let n = 0; n < length; n += 1, written += 1) to[written] = to[written - back];
      }
    }
    return to;
  };

  /** The text of an element, unpacked where it has data-size, the number of its bytes. */
  return (element) => {
    const size = Number(element.dataset.size);
    if (!size) return element.textContent;
    const packed = Uint8Array.from(atob(element.textContent), (character) => character.charCodeAt(0));
    return new TextDecoder().decode(inflate(packed, size));
  };
})();
// libraries: the policy of the page knows the hash of each
for (const element of document.querySelectorAll("script[data-library]")) {
  const script = document.createElement("script");
  script.textContent = unpack(element);
  document.head.append(script);
}
