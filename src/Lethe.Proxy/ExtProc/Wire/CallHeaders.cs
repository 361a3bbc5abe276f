using System.Globalization;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Envoy;

namespace Lethe.Proxy.ExtProc.Wire;

/// <summary>A header list as the data plane shows it: pseudo-headers (RFC 9113 §8.3) apart from the lines that the peer sent.</summary>
internal sealed class CallHeaders
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private CallHeaders(List<HeaderField> fields) => Fields = fields;

    public IReadOnlyList<HeaderField> Fields { get; }

    public string? Method { get; private set; }

    /// <summary>Path and query, as the client sent them; the data plane's rewrites come later.</summary>
    public string? Target { get; private set; }

    public string? Authority { get; private set; }

    public int? Status { get; private set; }

    /// <summary>Null when absent or no number.</summary>
    public long? ContentLength => long.TryParse(Fields.First("content-length"), NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null;

    public static CallHeaders Read(HeaderMap? map)
    {
        var fields = new List<HeaderField>(map?.Headers.Count ?? 0);
        var headers = new CallHeaders(fields);
        foreach (var header in map?.Headers ?? [])
        {
            var value = Text(header);
            if (!header.Key.StartsWith(':'))
            {
                fields.Add(new HeaderField(header.Key, value));
            }
            else if (header.Key == ":authority")
            {
                // The forwarding door sees the authority as the Host line that it is in HTTP/1.1.
                headers.Authority = value;
                fields.Add(new HeaderField("host", value));
            }
            else
            {
                headers.TakePseudo(header.Key, value);
            }
        }

        return headers;
    }

    // One data plane fills raw_value for all, another only for the lines that are no pseudo-headers.
    private static string Text(HeaderValue header)
    {
        if (header.RawValue.IsEmpty)
        {
            return header.Value;
        }

        try
        {
            return StrictUtf8.GetString(header.RawValue.Span);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(header.RawValue.Span);
        }
    }

    private void TakePseudo(string name, string value)
    {
        switch (name)
        {
            case ":method":
                Method = value;
                break;
            case ":path":
                Target = value;
                break;
            case ":status" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var status):
                Status = status;
                break;
        }
    }
}
