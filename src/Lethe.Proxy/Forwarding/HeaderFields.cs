using System.Net.Http.Headers;
using System.Text;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Forwarding;

/// <summary>Headers as the capture keeps them: one field for each value, in the order they came for each name.</summary>
internal static class HeaderFields
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static List<HeaderField> Of(IHeaderDictionary headers)
    {
        var fields = new List<HeaderField>(headers.Count);
        foreach (var (name, values) in headers)
        {
            for (var i = 0; i < values.Count; i++)
            {
                fields.Add(new HeaderField(name, Text(values[i] ?? "")));
            }
        }

        return fields;
    }

    public static List<HeaderField> Of(HttpResponseMessage response)
    {
        var fields = new List<HeaderField>(24);
        Add(response.Headers.NonValidated, fields);
        Add(response.Content.Headers.NonValidated, fields);
        return fields;
    }

    public static List<HeaderField> Of(HttpResponseHeaders trailers)
    {
        var fields = new List<HeaderField>();
        Add(trailers.NonValidated, fields);
        return fields;
    }

    private static void Add(HttpHeadersNonValidated headers, List<HeaderField> fields)
    {
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
            {
                fields.Add(new HeaderField(name, Text(value)));
            }
        }
    }

    /// <summary>Headers travel as Latin-1, so that every byte passes; a value that is UTF-8 is read as such for the record.</summary>
    private static string Text(string latin1)
    {
        if (Ascii.IsValid(latin1))
        {
            return latin1;
        }

        try
        {
            return StrictUtf8.GetString(Encoding.Latin1.GetBytes(latin1));
        }
        catch (DecoderFallbackException)
        {
            return latin1;
        }
    }
}
