/** One run of a request at the model server. A request that stepped aside has several. */
export interface Run {
  /** The request it belongs to. */
  readonly name: string;
  /** The text that the model was given to go on with. */
  readonly prompt: string;
  /** Tokens of the prompt that had to be read. */
  readonly read: number;
  /** Tokens that were written. */
  readonly tokens: number;
}

/** What stepping aside did, as the model server saw it. */
export interface Account {
  /** Runs that went on where the one before was cut, and runs that began anew. */
  readonly resumed: number;
  readonly restarted: number;
  /** Tokens before a cut that were gone on from, and those that were written for nothing. */
  readonly resumedTokens: number;
  readonly restartedTokens: number;
  /** Tokens that were read to come back, though they had been read or written before. */
  readonly readAgain: number;
}

interface Chain {
  readonly prompt: string;
  /** Tokens since it last began anew. */
  carried: number;
  last: number;
}

/** @param runs - in order of arrival. A run goes on if the model was given the question with some of an answer behind it. */
export function accountOf(runs: readonly Run[]): Account {
  const account = { resumed: 0, restarted: 0, resumedTokens: 0, restartedTokens: 0, readAgain: 0 };
  const chains = new Map<string, Chain>();
  for (const { name, prompt, read, tokens } of runs) {
    const chain = chains.get(name);
    if (chain === undefined) {
      chains.set(name, { prompt, carried: 0, last: tokens });
      continue;
    }
    // Who was cut before the first token may not have read it all; what it reads now is not known to be read again.
    if (chain.carried + chain.last > 0) account.readAgain += read;
    if (prompt.length > chain.prompt.length && prompt.startsWith(chain.prompt)) {
      account.resumed++;
      account.resumedTokens += chain.last;
      chain.carried += chain.last;
    } else {
      account.restarted++;
      account.resumedTokens -= chain.carried;
      account.restartedTokens += chain.carried + chain.last;
      chain.carried = 0;
    }
    chain.last = tokens;
  }
  return account;
}
