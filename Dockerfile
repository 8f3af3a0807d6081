# The image of every role. Two targets: cpu, cuda.
# Base images are named here and nowhere else; to pin them by digest, put NAME@sha256:… in place of NAME:TAG.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
# @node-llama-cpp/linux-x64-cuda, as package-lock.json pins it, is linked against libcudart.so.13 and libcublas.so.13: CUDA 13.
ARG CUDA_IMAGE=docker.io/nvidia/cuda:13.0.1-runtime-ubuntu24.04

# What package-lock.json pins, less what no CPU loads and what only compilers and debuggers read. Node itself is in the image.
FROM ${NODE_IMAGE} AS packages-cpu
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-progress --cache /tmp/npm \
 && cd node_modules \
 && rm -rf /tmp/npm node-linux-* typescript node-llama-cpp/llama @node-llama-cpp/*-cuda* @node-llama-cpp/*-vulkan \
 && if [ "$(uname -m)" = x86_64 ]; then rm -rf @node-llama-cpp/linux-arm*; else rm -rf @node-llama-cpp/linux-x64; fi \
 && find . -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

# Sources, and the demo's data, which the same command always makes the same.
FROM packages-cpu AS sources
COPY . .
RUN node examples/demo/make-dataset.ts --out examples/demo/data && rm -rf node_modules

# The page that a coordinator serves; what builds it stays behind.
FROM ${NODE_IMAGE} AS page
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-progress --cache /tmp/npm && rm -rf /tmp/npm
COPY tsconfig.json ./
COPY dashboard ./dashboard
RUN node_modules/.bin/vite build dashboard --config dashboard/vite.config.ts --logLevel warn

FROM ${NODE_IMAGE} AS cpu
ENV NODE_ENV=production HOME=/tmp XDG_CACHE_HOME=/tmp/.cache
WORKDIR /app
COPY --from=packages-cpu /app/node_modules ./node_modules
COPY --from=sources /app ./
COPY --from=page /app/dashboard/dist ./dashboard/dist
RUN ln -s /app/bin/fleet.mjs /usr/local/bin/fleet
USER 1000:1000
ENTRYPOINT ["/app/bin/fleet.mjs"]

FROM ${NODE_IMAGE} AS packages-cuda
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-progress --cache /tmp/npm \
 && rm -rf /tmp/npm \
 && cd node_modules \
 && rm -rf node-linux-* typescript node-llama-cpp/llama @node-llama-cpp/*-vulkan @node-llama-cpp/linux-arm* @node-llama-cpp/*-cuda-ext \
 && find . -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

FROM ${CUDA_IMAGE} AS cuda
ENV NODE_ENV=production HOME=/tmp XDG_CACHE_HOME=/tmp/.cache
WORKDIR /app
COPY --from=packages-cuda /usr/local/bin/node /usr/local/bin/node
COPY --from=packages-cuda /app/node_modules ./node_modules
COPY --from=sources /app ./
COPY --from=page /app/dashboard/dist ./dashboard/dist
RUN ln -s /app/bin/fleet.mjs /usr/local/bin/fleet
USER 1000:1000
ENTRYPOINT ["/app/bin/fleet.mjs"]
