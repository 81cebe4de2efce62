# Pinned by version; a digest may be put behind it by whoever can reach a registry.
FROM python:3.11.14-slim-bookworm
RUN useradd --create-home --uid 10001 inkstand && install -d -o inkstand /data /opt/inkstand /src
USER inkstand
COPY --chown=inkstand . /src
RUN sh /src/.ci/image install /src /opt/inkstand && rm -rf /src/*
VOLUME /data
EXPOSE 4650
ENV INKSTAND_HOST=0.0.0.0 INKSTAND_DATA_DIR=/data INKSTAND_URL=http://127.0.0.1:4650
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s CMD ["/opt/inkstand/bin/inkstand", "ready"]
CMD ["sh", "/opt/inkstand/bin/image", "start", "/opt/inkstand"]
