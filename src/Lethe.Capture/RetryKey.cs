using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Chains;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Turns;

namespace Lethe.Capture;

/// <summary>
/// What a silently re-sent request has in common with the one before it. Clients do not announce their retries, and some re-send the
/// same JSON with its members in another order.
/// </summary>
public static class RetryKey
{
    /// <summary>
    /// SHA-256 (lower-case hex) over path, harness, session, thread, prompt id, the last message's node, system prompt and tools, and the rest of the
    /// request as canonical JSON; without a decoded prompt over all of that JSON, without JSON over the bytes. How the answer is to be carried counts for
    /// nothing. Without a session id of the client's own the credential stands for it: a synthetic id is not the same before and after the first answer.
    /// Null for a request without a body.
    /// </summary>
    public static string? Of(CapturedExchange exchange, JsonElement? requestJson, SessionEnvelope envelope, Turn? turn = null, Chain? chain = null)
    {
        if (exchange.Request.WireBytes == 0 && exchange.Request.KeptBytes == 0)
        {
            return null;
        }

        using var hash = new Sha256Writer();
        var leaf = chain?.PromptLeaf;
        if (requestJson is not { } json || !CanonicalJson.TryWrite(json, leaf is null ? CanonicalJson.Members.WithoutCarriage : CanonicalJson.Members.WithoutPrompt, hash))
        {
            _ = hash.Finish();
            hash.Write(exchange.Request.Bytes.Span);
            Append(exchange.Request.Truncated ? exchange.Request.Sha256 : null, hash);
        }

        var body = hash.Finish();
        hash.Write(body);
        Append(leaf is { } node ? node.Span : default, hash);
        Append(leaf is null ? null : turn?.SystemSha256, hash);
        Append(leaf is null ? null : turn?.ToolsSha256, hash);
        Append(AnswerCarriage.WithoutStream(exchange.Path), hash);
        Append(envelope.HarnessId, hash);
        var named = envelope.IdOrigin != SessionIdOrigin.Synthetic;
        Append(named ? envelope.HarnessSessionId : null, hash);
        Append(named ? null : exchange.CredentialFingerprint, hash);
        Append(envelope.ThreadId, hash);
        Append(envelope.PromptId, hash);
        return Convert.ToHexStringLower(hash.Finish());
    }

    private static void Append(string? field, Sha256Writer hash)
    {
        if (field is null)
        {
            AppendLength(-1, hash);
            return;
        }

        Append(Encoding.UTF8.GetBytes(field), hash);
    }

    /// <summary>Each field is led by its length, so that no two lists of fields look alike; null text is −1.</summary>
    private static void Append(ReadOnlySpan<byte> field, Sha256Writer hash)
    {
        AppendLength(field.Length, hash);
        hash.Write(field);
    }

    private static void AppendLength(int length, Sha256Writer hash)
    {
        BinaryPrimitives.WriteInt32BigEndian(hash.GetSpan(sizeof(int)), length);
        hash.Advance(sizeof(int));
    }
}
