/** The address of the lattice that the tabs of an origin make by themselves, without a server. */
export const SOLO_ADDRESS = "solo:";

export const isSolo = (server: string): boolean => server.trim() === SOLO_ADDRESS;
