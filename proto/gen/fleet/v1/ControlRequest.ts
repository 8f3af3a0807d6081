// Original file: proto/fleet/v1/fleet.proto


export interface ControlRequest {
}

export interface ControlRequest__Output {
}
