FROM python:3.12-slim
# OpenCV's headless wheel needs nothing of a desktop; LiteRT needs libgomp of the base image's distribution only
WORKDIR /src
COPY setup.cfg setup.py pyproject.toml README.md LICENSE ./
COPY mgeconvert mgeconvert
COPY cli cli
COPY converters converters
RUN pip install --no-cache-dir ".[litert,caffe,yaml,report]" && useradd --create-home user
USER user
WORKDIR /work
ENTRYPOINT ["mgeconvert"]
