/**
 * What a group is sent in one turn, joined once for all members: the text that waits for one is most often the text that waits for the next. What waits is
 * told by its object, and never compared, so that members who were sent something else besides pay nothing for it.
 */

/**
 * Longer text is joined for each. What was joined last stays with the process until something else is: at worst the text of every number of the shortest
 * frames, a few MiB in all.
 */
const MAX_LENGTH = 4 * 1024;

export class SharedText {
  readonly text: string;
  #piece = '';
  #joined: SharedText | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** This text with `piece` behind it: the same object as long as the same is asked for; `undefined` where it would be long. */
  with(piece: string): SharedText | undefined {
    if (this.#joined !== undefined && this.#piece === piece) return this.#joined;
    if (this.text.length + piece.length > MAX_LENGTH) return undefined;
    this.#piece = piece;
    return (this.#joined = new SharedText(this.text + piece));
  }
}

/** What waits where nothing does. */
export const NOTHING_SHARED = new SharedText('');
