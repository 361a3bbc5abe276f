namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>Follows the brackets of a JSON text that comes in pieces, so that its end is known without parsing it anew.</summary>
internal struct JsonNesting
{
    private long open;
    private bool inString;
    private bool escaped;
    private char last;

    /// <summary>True when the text ends with the brace that closes all.</summary>
    public readonly bool IsClosedObject => last == '}' && open == 0 && !inString;

    public void Read(ReadOnlySpan<char> piece)
    {
        foreach (var letter in piece)
        {
            last = letter;
            if (escaped)
            {
                escaped = false;
            }
            else if (letter == '"')
            {
                inString = !inString;
            }
            else if (inString)
            {
                escaped = letter == '\\';
            }
            else
            {
                open += letter is '{' or '[' ? 1 : letter is '}' or ']' ? -1 : 0;
            }
        }
    }
}
