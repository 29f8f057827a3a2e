/** A gate with aging turns priorities into time, and takes none beyond this: the sum with a clock reading would lose milliseconds. */
export const MAX_AGED_PRIORITY = 1e6;
