'use strict';
/** How many SMS a text is, which is what it costs. Source: 3GPP TS 23.038, GSM 7-bit default alphabet and its extension. */

const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** Each takes two places. */
const EXTENSION = '\f^{}\\[~]|€';
/** Places of a single SMS, and of one that is joined to others. */
const GSM7 = { single: 160, joined: 153 };
const UCS2 = { single: 70, joined: 67 };

const places = new Map([
  ...Array.from(BASIC, (character) => /** @type {const} */ ([character, 1])),
  ...Array.from(EXTENSION, (character) => /** @type {const} */ ([character, 2])),
]);

/**
 * One character outside of the alphabet makes the whole text UCS-2, and less than half as much fits.
 *
 * @param {string} text
 * @returns {number}
 */
function segments(text) {
  const characters = Array.from(text);
  const isGsm7 = characters.every((character) => places.has(character));
  const length = isGsm7
    ? characters.reduce((sum, character) => sum + (places.get(character) ?? 0), 0)
    : text.length;
  const { single, joined } = isGsm7 ? GSM7 : UCS2;
  return length <= single ? 1 : Math.ceil(length / joined);
}

module.exports = { segments };
