// The metadata that a frame carries in a COM segment of its JPEG (ITU-T T.81, annex B), read without decoding it.

const SOS = 0xda;
const COM = 0xfe;

export function metadata(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length || marker === SOS) return null;
    if (marker === COM && length > 2 && bytes[at + 4] === 0x7b) return parsed(bytes.subarray(at + 4, end));
    at = end;
  }
  return null;
}

function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
