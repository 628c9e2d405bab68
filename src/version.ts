/** The version that hosts tell each other: semver, as wadm demands of a heartbeat. */
export const VERSION = "0.1.0";
