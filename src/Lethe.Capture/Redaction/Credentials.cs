using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>Finds the credential that a call was made with, so that it can be fingerprinted before it is left out.</summary>
internal static class Credentials
{
    private const string WebSocketKeyPrefix = "openai-insecure-api-key.";

    private static readonly string[] KeyHeaders =
    [
        "x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key", "x-litellm-api-key", "x-portkey-api-key", "helicone-auth",
        "cf-aig-authorization", "proxy-authorization",
    ];

    /// <summary>The credential without its scheme, or null. What changes from call to call (a signature) is not taken.</summary>
    public static string? Find(IReadOnlyList<HeaderField> headers, string query)
    {
        if (headers.First("authorization") is { Length: > 0 } authorization)
        {
            return WithoutScheme(authorization);
        }

        foreach (var name in KeyHeaders)
        {
            if (headers.First(name) is { Length: > 0 } value)
            {
                return WithoutScheme(value);
            }
        }

        return InWebSocketProtocol(headers) ?? QueryMask.FindCredential(query) ?? InUnknownHeader(headers);
    }

    /// <summary>AWS signature v4: the access key id. Every other scheme: what follows its name.</summary>
    private static string WithoutScheme(string value)
    {
        const string AwsCredential = "Credential=";
        var aws = value.IndexOf(AwsCredential, StringComparison.Ordinal);
        if (aws >= 0 && value.StartsWith("AWS4", StringComparison.Ordinal))
        {
            return AccessKeyId(value[(aws + AwsCredential.Length)..]);
        }

        var blank = value.IndexOf(' ', StringComparison.Ordinal);
        return blank < 0 ? value : value[(blank + 1)..].Trim();
    }

    /// <summary>The first part of an AWS credential scope: <c>AKIA…/20260101/region/service/aws4_request</c>.</summary>
    internal static string AccessKeyId(string scope) => scope.Split('/', ',')[0];

    /// <summary>The key header of a gateway that nobody told us of, or a cookie.</summary>
    private static string? InUnknownHeader(IReadOnlyList<HeaderField> headers)
    {
        foreach (var (name, value) in headers)
        {
            if (value.Length > 0 && HeaderAllowList.SaysSecret(name) && !HeaderAllowList.Allows(name))
            {
                return WithoutScheme(value);
            }
        }

        return null;
    }

    private static string? InWebSocketProtocol(IReadOnlyList<HeaderField> headers) =>
        headers.Joined("sec-websocket-protocol")?.Split(',', StringSplitOptions.TrimEntries)
            .FirstOrDefault(protocol => protocol.StartsWith(WebSocketKeyPrefix, StringComparison.Ordinal))?[WebSocketKeyPrefix.Length..];
}
