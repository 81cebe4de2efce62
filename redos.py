import time
from inkstand.fakes.kit.http import parse_json, BadJsonError
for n in (2000,4000,8000,16000):
    b=b"["*201+b'"'+b'\\"'*n
    t=time.time()
    try: parse_json(b)
    except BadJsonError as e: m=str(e)[:40]
    print(n,len(b),round(time.time()-t,2),m)
