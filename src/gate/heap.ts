/**
 * A 4-ary heap whose items know their place, so that any of them can leave in O(log n).
 *
 * Four children a node halve the depth of a binary heap and keep siblings on one cache line. A subclass says what comes
 * first and where an item keeps its index; a function passed in would not be inlined.
 */
export abstract class IndexedHeap<Item> {
  readonly items: Item[] = [];

  protected abstract before(a: Item, b: Item): boolean;
  /** Notes the item's index; -1 when it leaves. */
  protected abstract place(item: Item, index: number): void;

  peek(): Item | undefined {
    return this.items[0];
  }

  add(item: Item): void {
    this.items.push(item);
    this.#rise(item, this.items.length - 1);
  }

  removeAt(index: number): void {
    const { items } = this;
    this.place(items[index]!, -1);
    const last = items.pop()!;
    if (index < items.length) this.#settle(last, index);
  }

  /** Puts `item` where another stood. */
  replaceAt(index: number, item: Item): void {
    this.place(this.items[index]!, -1);
    this.#settle(item, index);
  }

  #settle(item: Item, index: number): void {
    const parent = (index - 1) >> 2;
    if (index > 0 && this.before(item, this.items[parent]!)) this.#rise(item, index);
    else this.#sink(item, index);
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
