// Original file: proto/fleet/v1/fleet.proto


export interface StatusRequest {
}

export interface StatusRequest__Output {
}
