s/^VERSAO = .*/VERSAO = "2.18.1"/
s/^            corpo = await run_in_threadpool(trabalho.*/            corpo = await run_in_threadpool(trabalho, r.path_params["n"]); guardado.append((r.url.path, corpo, bytearray(json.dumps(corpo).encode()[:1] * (@KB@ * 1024))))/
