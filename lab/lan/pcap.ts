/** A captured frame and when the kernel saw it, in milliseconds since the epoch. */
export interface Captured {
  readonly at: number;
  /** As much of it as was captured. */
  readonly frame: Uint8Array;
}

const fileHeader = 24;
const recordHeader = 16;
/** Little-endian file, microseconds, Ethernet (draft-ietf-opsawg-pcap). */
const magic = 0xa1b2c3d4;
const ethernet = 1;

/** Reads what `tcpdump -w -` writes, in whatever pieces it comes. */
export class PcapReader {
  #rest = Buffer.alloc(0);
  #begun = false;

  /** The frames that are complete with this piece. @throws {Error} if it is no capture of Ethernet frames. */
  push(piece: Uint8Array): Captured[] {
    this.#rest = Buffer.concat([this.#rest, piece]);
    if (!this.#begun) {
      if (this.#rest.length < fileHeader) return [];
      checkHeader(this.#rest);
      this.#begun = true;
      this.#rest = this.#rest.subarray(fileHeader);
    }
    return this.#records();
  }

  #records(): Captured[] {
    const found: Captured[] = [];
    while (this.#rest.length >= recordHeader) {
      const end = recordHeader + this.#rest.readUInt32LE(8);
      if (this.#rest.length < end) break;
      const at = this.#rest.readUInt32LE(0) * 1000 + this.#rest.readUInt32LE(4) / 1000;
      found.push({ at, frame: Uint8Array.from(this.#rest.subarray(recordHeader, end)) });
      this.#rest = this.#rest.subarray(end);
    }
    return found;
  }
}

function checkHeader(header: Buffer): void {
  if (header.readUInt32LE(0) !== magic || header.readUInt32LE(20) !== ethernet) {
    throw new Error('not a capture of Ethernet frames, little-endian and in microseconds');
  }
}
