using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Exchange;

/// <summary>A call as a line for a POSIX shell: everything captured stands in single quotes, and the credential is taken from the environment.</summary>
internal static class CurlText
{
    /// <summary>A longer body is read from a file.</summary>
    private const int BodyBytesMax = 8 * 1024;

    private static readonly string[] Left = ["host", "content-length", "connection", "accept-encoding", "transfer-encoding"];

    /// <param name="file">What a body too long for a line is called.</param>
    public static string Of(ExchangeRecord record, CapturedExchange exchange, string file)
    {
        var line = new StringBuilder("curl -sS -X ").Append(Quoted(exchange.Method)).Append(' ')
            .Append(Quoted($"https://{exchange.UpstreamHost ?? "HOST"}{exchange.Path}{exchange.Query}"));
        foreach (var header in exchange.RequestHeaders.Where(header => !Left.Contains(header.Name, StringComparer.OrdinalIgnoreCase)))
        {
            line.Append(" \\\n  -H ").Append(Quoted($"{header.Name}: {header.Value}"));
        }

        line.Append(record.Provider switch
        {
            "anthropic" => " \\\n  -H \"x-api-key: $ANTHROPIC_API_KEY\"",
            "gemini" => " \\\n  -H \"x-goog-api-key: $GEMINI_API_KEY\"",
            _ => " \\\n  -H \"authorization: Bearer $OPENAI_API_KEY\"",
        });
        if (exchange.Request.KeptBytes == 0)
        {
            return line.ToString();
        }

        var isText = exchange.Request.KeptBytes <= BodyBytesMax && exchange.RequestHeaders.Joined("content-encoding") is null;
        return line.Append(" \\\n  --data-binary ").Append(isText ? Quoted(Encoding.UTF8.GetString(exchange.Request.Bytes.Span)) : Quoted("@" + file)).ToString();
    }

    // Nothing inside means anything to the shell; a NUL, which no argument can hold, is left out.
    private static string Quoted(string text) => "'" + text.Replace("\0", "", StringComparison.Ordinal).Replace("'", @"'\''", StringComparison.Ordinal) + "'";
}
