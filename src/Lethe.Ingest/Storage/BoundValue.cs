namespace Lethe.Ingest.Storage;

/// <summary>What a parameter of a statement holds. Of the many columns of a turn most are what they were in the turn before, or null.</summary>
internal struct BoundValue
{
    // A longer text is hardly ever the same again, and would be kept alive here.
    private const int TextLengthMax = 128;

    private Kind kind;
    private long number;
    private string? text;

    /// <summary>True when the parameter must be bound anew.</summary>
    public bool Becomes(long value)
    {
        if (kind == Kind.Number && number == value)
        {
            return false;
        }

        kind = Kind.Number;
        number = value;
        text = null;
        return true;
    }

    /// <summary>True when the parameter must be bound anew.</summary>
    public bool Becomes(string value)
    {
        if (kind == Kind.Text && string.Equals(text, value, StringComparison.Ordinal))
        {
            return false;
        }

        kind = value.Length <= TextLengthMax ? Kind.Text : Kind.Other;
        text = kind == Kind.Text ? value : null;
        return true;
    }

    /// <summary>True when the parameter must be bound anew.</summary>
    public bool BecomesNull()
    {
        if (kind == Kind.Null)
        {
            return false;
        }

        kind = Kind.Null;
        text = null;
        return true;
    }

    public void BecomesOther()
    {
        kind = Kind.Other;
        text = null;
    }

    // Null first: so a statement begins.
    private enum Kind : byte
    {
        Null,
        Number,
        Text,
        Other,
    }
}
