using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Chains;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;

namespace Lethe.Capture;

/// <summary>
/// What a silently re-sent request has in common with the one before it. Clients do not announce their retries, and some re-send the
/// same JSON with its members in another order.
/// </summary>
public static class RetryKey
{
    /// <summary>
    /// SHA-256 (lower-case hex) over path, harness, session, thread, prompt id and the request's canonical JSON, else its bytes. Without
    /// a session id of the client's own the credential stands for it: a synthetic id is not the same before and after the first answer.
    /// Null for a request without a body.
    /// </summary>
    public static string? Of(CapturedExchange exchange, JsonElement? requestJson, SessionEnvelope envelope)
    {
        if (exchange.Request.WireBytes == 0 && exchange.Request.Bytes.IsEmpty)
        {
            return null;
        }

        using var hash = new Sha256Writer();
        if (requestJson is not { } json || !CanonicalJson.TryWrite(json, hash))
        {
            _ = hash.Finish();
            hash.Write(exchange.Request.Bytes.Span);
            Append(exchange.Request.Truncated ? exchange.Request.Sha256 : null, hash);
        }

        var body = hash.Finish();
        hash.Write(body);
        Append(exchange.Path, hash);
        Append(envelope.HarnessId, hash);
        var named = envelope.IdOrigin != SessionIdOrigin.Synthetic;
        Append(named ? envelope.HarnessSessionId : null, hash);
        Append(named ? null : exchange.CredentialFingerprint, hash);
        Append(envelope.ThreadId, hash);
        Append(envelope.PromptId, hash);
        return Convert.ToHexStringLower(hash.Finish());
    }

    /// <summary>Each field is led by its length, so that no two lists of fields look alike; null is −1.</summary>
    private static void Append(string? field, Sha256Writer hash)
    {
        var bytes = field is null ? [] : Encoding.UTF8.GetBytes(field);
        BinaryPrimitives.WriteInt32BigEndian(hash.GetSpan(sizeof(int)), field is null ? -1 : bytes.Length);
        hash.Advance(sizeof(int));
        hash.Write(bytes);
    }
}
