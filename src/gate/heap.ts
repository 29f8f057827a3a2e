/** Knows where it stands in a heap; -1 when in none. */
interface Ranked {
  headIndex: number;
}

/**
 * A 4-ary heap whose items know their place, so that any of them can leave in O(log n).
 *
 * Four children a node halve the depth of a binary heap and keep siblings on one cache line. A subclass says what comes first,
 * and may say where an item keeps its index; a function passed in would not be inlined.
 */
export abstract class IndexedHeap<Item extends Ranked> {
  /** The first is on top. */
  readonly items: Item[] = [];

  protected abstract before(a: Item, b: Item): boolean;

  add(item: Item): void {
    this.#rise(item, this.items.push(item) - 1);
  }

  /** Takes out what stands at `index`. `heir` gets its place; without one the order is restored among the others. */
  removeAt(index: number, heir: Item | null): void {
    const { items } = this;
    this.place(items[index]!, -1);
    const item = heir ?? items.pop()!;
    if (index >= items.length) return;
    if (index > 0 && this.before(item, items[(index - 1) >> 2]!)) this.#rise(item, index);
    else this.#sink(item, index);
  }

  /** Notes the item's index; -1 when it leaves. */
  protected place(item: Item, index: number): void {
    item.headIndex = index;
  }

  #rise(item: Item, from: number): void {
    const { items } = this;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 2;
      const parent = items[parentIndex]!;
      if (!this.before(item, parent)) break;
      items[index] = parent;
      this.place(parent, index);
      index = parentIndex;
    }
    items[index] = item;
    this.place(item, index);
  }

  #sink(item: Item, from: number): void {
    const { items } = this;
    const { length } = items;
    let index = from;
    for (let child = 4 * index + 1; child < length; child = 4 * index + 1) {
      let best = child;
      const end = Math.min(child + 4, length);
      for (let other = child + 1; other < end; other++) {
        if (this.before(items[other]!, items[best]!)) best = other;
      }
      const candidate = items[best]!;
      if (!this.before(candidate, item)) break;
      items[index] = candidate;
      this.place(candidate, index);
      index = best;
    }
    items[index] = item;
    this.place(item, index);
  }
}
