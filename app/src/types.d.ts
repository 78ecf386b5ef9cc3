/** What the app's middleware adds to Express' requests and sessions. */

import 'express-session';

declare module 'express-session' {
  /** Set wherever requireSession has let the request through. */
  interface Session {
    userId: string;
    churchId: string;
    /** Milliseconds since 1970. */
    loggedInAt: number;
  }
}

declare global {
  namespace Express {
    interface Request {
      id: string;
    }
  }
}
