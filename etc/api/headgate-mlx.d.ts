// headgate/mlx

import { Gate } from "headgate";
import { Permit } from "headgate";
import { Priority } from "headgate";
export declare function mlxGate(): Gate;
export declare function acquireMlxGate(priority?: Priority): Promise<Permit>;
export declare function getMlxGate(): Promise<Disposable>;
export declare function resetMlxGate(): void;
