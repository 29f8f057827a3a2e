/** The exit codes of sysexits.h that scripts and service managers know. */
export const EX_USAGE = 64;
/** What was given is not what is wanted: a file that is not there, a batch that nobody knows. */
export const EX_DATAERR = 65;
/** The service cannot be had: no gateway, no permit. */
export const EX_UNAVAILABLE = 69;
/** The configuration is wrong: trying again will not help. */
export const EX_CONFIG = 78;
/** A key is missing, or may not do this. */
export const EX_NOPERM = 77;
