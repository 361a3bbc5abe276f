namespace Lethe.Capture.Harnesses;

/// <summary>Client libraries, by the user agent they send when no program puts its own in its place.</summary>
internal static class SdkUserAgent
{
    private static readonly (string Product, string Name)[] Products =
    [
        ("ai-sdk/", "ai-sdk"),
        ("google-genai-sdk/", "google-genai"),
        ("Boto3/", "boto3"),
        ("Botocore/", "botocore"),
        ("aws-sdk-js/", "aws-js"),
        ("aws-sdk-go", "aws-go"),
        ("aws-sdk-java/", "aws-java"),
        ("cohere/", "cohere"),
        ("mistral-client-python/", "mistral-python"),
        ("mistral-client-typescript/", "mistral-typescript"),
        ("Charm-Fantasy/", "fantasy"),
        ("litellm/", "litellm"),
        ("ollama-python/", "ollama-python"),
        ("ollama-js/", "ollama-js"),
        ("groq/", "groq"),
    ];

    /// <summary>Names the library as <c>sdk:…</c>, with its version; nothing for plain HTTP clients.</summary>
    public static void Read(WireEvidence wire, EnvelopeDraft draft)
    {
        if (wire.UserAgent is not { } agent)
        {
            return;
        }

        foreach (var (product, name) in Products)
        {
            if (agent.StartsWith(product, StringComparison.OrdinalIgnoreCase))
            {
                Name(draft, name, Version(agent, product == "ai-sdk/" ? agent.IndexOf('/', product.Length) : product.Length - 1));
                return;
            }
        }

        ReadStainless(agent, draft);
    }

    /// <summary><c>AsyncOpenAI/Python 1.99.7</c>: the SDKs made by Stainless, and the .NET one of OpenAI (<c>OpenAI/2.15.0 (.NET …)</c>).</summary>
    private static void ReadStainless(string agent, EnvelopeDraft draft)
    {
        var slash = agent.IndexOf('/');
        if (slash < 0 || Vendor(agent[..slash]) is not { } vendor)
        {
            return;
        }

        var space = agent.IndexOf(' ', slash);
        var language = space < 0 ? agent[(slash + 1)..] : agent[(slash + 1)..space];
        if (char.IsAsciiDigit(language.FirstOrDefault()))
        {
            Name(draft, vendor + "-dotnet", Version(agent, slash));
        }
        else if (Language(language) is { } known)
        {
            Name(draft, $"{vendor}-{known}", Version(agent, space));
        }
    }

    private static string? Vendor(string product) => product.Replace("Async", "", StringComparison.Ordinal).Replace("Client", "", StringComparison.Ordinal) switch
    {
        "Anthropic" or "AnthropicBedrock" or "AnthropicVertex" or "AnthropicFoundry" => "anthropic",
        "OpenAI" or "AzureOpenAI" => "openai",
        "Groq" => "groq",
        _ => null,
    };

    private static string? Language(string language) => language switch
    {
        "JS" => "js",
        "Python" => "python",
        "Go" => "go",
        "Java" or "Kotlin" => "java",
        "Ruby" => "ruby",
        "PHP" => "php",
        "C#" or "CSharp" => "dotnet",
        _ => null,
    };

    private static string? Version(string agent, int before)
    {
        if (before < 0)
        {
            return null;
        }

        var rest = agent.AsSpan(before + 1);
        var end = rest.IndexOfAny(" /;(+");
        return end < 0 ? rest.ToString() : rest[..end].ToString();
    }

    private static void Name(EnvelopeDraft draft, string name, string? version)
    {
        draft.Harness(new Clue("sdk:" + name, "header:user-agent"));
        draft.HarnessVersion(string.IsNullOrEmpty(version) ? null : new Clue(version, "header:user-agent"));
    }
}
