FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 10001 inkstand && mkdir /data && chown inkstand /data
WORKDIR /src
COPY . .
RUN python -m pip install --no-cache-dir . && rm -rf /src
WORKDIR /home/inkstand
USER inkstand
VOLUME /data
EXPOSE 4650
ENV INKSTAND_HOST=0.0.0.0 INKSTAND_DATA_DIR=/data INKSTAND_URL=http://127.0.0.1:4650
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s CMD ["inkstand", "ready"]
CMD ["inkstand", "serve"]
