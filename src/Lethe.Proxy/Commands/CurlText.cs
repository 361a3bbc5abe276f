using System.Text;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Commands;

/// <summary>A call as a command for curl, shell-quoted; a variable stands where the credential was, which nobody has kept.</summary>
internal static class CurlText
{
    // What curl works out for itself, or what belongs to the connection that was.
    private static readonly string[] LeftOut = ["content-length", "content-encoding", "host", "connection", "transfer-encoding", "accept-encoding"];

    public static string Of(CapturedExchange call)
    {
        var text = new StringBuilder("curl -X ").Append(call.Method).Append(' ').Append(Quoted("$LETHE_URL", call.Path + call.Query));
        foreach (var header in call.RequestHeaders.Where(header => !LeftOut.Contains(header.Name, StringComparer.OrdinalIgnoreCase)))
        {
            text.Append(" \\\n  -H ").Append(Quoted($"{header.Name}: {header.Value}"));
        }

        text.Append(" \\\n  -H \"").Append(Credential(call)).Append('"');
        if (call.Request.Bytes.Length > 0 && ContentDecoder.Decode(call.Request.Bytes, call.RequestHeaders.Joined("content-encoding")) is { Reason: null } body)
        {
            text.Append(" \\\n  --data-binary ").Append(Quoted(Encoding.UTF8.GetString(body.Bytes.Span)));
        }

        return text.ToString();
    }

    private static string Credential(CapturedExchange call) => call.Upstream switch
    {
        "anthropic" => "x-api-key: $ANTHROPIC_API_KEY",
        "gemini" => "x-goog-api-key: $GEMINI_API_KEY",
        "openai" => "Authorization: Bearer $OPENAI_API_KEY",
        _ => "Authorization: Bearer $API_KEY",
    };

    private static string Quoted(string variable, string rest) => $"\"{variable}\"{Quoted(rest)}";

    /// <summary>One word for a POSIX shell, whatever it holds: in single quotes nothing has a meaning but the quote itself.</summary>
    private static string Quoted(string text) => "'" + text.Replace("\0", "", StringComparison.Ordinal).Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
